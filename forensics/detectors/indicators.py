"""Paths, image digests and package releases of known campaigns, matched exactly."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.detectors._finding import Circumstances, about_file, about_image, about_layer, note
from forensics.detectors._scene import Detector, Scene
from forensics.detectors.signatures import statement
from forensics.examine import Rule
from forensics.model.findings import Confidence, Finding, Severity


class Indicators(Detector):
    """A digest is certain; a path or a package release is as certain as its rule says.

    A path that a package of the distribution owns is `low`: its name is then a coincidence.
    """

    id = "indicators"
    statements = ()

    def detect(self, scene: Scene) -> Iterator[Finding]:
        """One finding for each indicator that is met."""
        for rule_id in sorted(scene.rules):
            rule = scene.rules[rule_id]
            for path in rule.paths:
                yield from self._path(scene, rule, path)
            if rule.images:
                yield from _images(scene, rule)
            if rule.packages:
                yield from _packages(scene, rule)

    def _path(self, scene: Scene, rule: Rule, path: str) -> Iterator[Finding]:
        for version in scene.files.at(path):
            case = Circumstances(distinct="path")
            if scene.vouched(version):
                case = Circumstances(
                    severity=Severity.LOW,
                    confidence=Confidence.LOW,
                    distinct="path",
                    reasons=("A package answers for the file at this path.",),
                )
            yield about_file(scene, statement(rule), version, [note("known path of this campaign")], case)


def _images(scene: Scene, rule: Rule) -> Iterator[Finding]:
    image = scene.image
    wanted = set(rule.images)
    for name, digest in (("manifest", image.manifest_digest), ("configuration", image.config_digest)):
        if digest in wanted:
            evidence = [note(f"{name} {digest}", "digest")]
            yield about_image(scene, statement(rule), evidence, _certain(digest))
    for layer in scene.view.image_layers:
        for digest in dict.fromkeys((layer.digest, layer.diff_id)):
            if digest in wanted:
                evidence = [note(f"layer {digest}", "digest")]
                yield about_layer(scene, statement(rule), layer.index, evidence, _certain(digest))


def _certain(digest: str) -> Circumstances:
    return Circumstances(confidence=Confidence.HIGH, distinct=digest)


def _packages(scene: Scene, rule: Rule) -> Iterator[Finding]:
    """Packages of every state of the databases: what a later layer updated was there before."""
    wanted = {_release(purl): purl for purl in rule.packages}
    told: set[str] = set()
    shots = [snapshot.packages for snapshot in scene.inventory.snapshots] or [scene.inventory.packages]
    for packages in shots:
        for package in packages:
            release = _release(package.purl)
            if release in wanted and package.id not in told:
                told.add(package.id)
                evidence = [note(f"{package.purl} is {wanted[release]}")]
                case = Circumstances(detail=f"{package.name} {package.version}", distinct=package.id)
                yield about_layer(scene, statement(rule), package.layer, evidence, case)


def _release(purl: str) -> str:
    """Type, name and version of a package URL, without namespace and qualifiers."""
    plain = purl.partition("?")[0].partition("#")[0]
    kind, _, rest = plain.removeprefix("pkg:").partition("/")
    name = rest.rpartition("/")[2] if kind in ("deb", "apk", "rpm") else rest
    return f"{kind}/{name}"


DETECTOR = Indicators()
