"""What is learnt from one file's bytes: signatures, kind, entropy, ELF and script facts, credentials."""

from forensics.examine._behaviours import BEHAVIOURS
from forensics.examine._description import describe
from forensics.examine._examination import DIGESTS, Examination, digest_facts
from forensics.examine._examiner import Examiner, Learnt, Subject
from forensics.examine._lint import LintProblem
from forensics.examine._rule import Rule
from forensics.examine._signatures import Signatures, load_signatures

__all__ = [
    "BEHAVIOURS",
    "DIGESTS",
    "Examination",
    "Examiner",
    "Learnt",
    "LintProblem",
    "Rule",
    "Signatures",
    "Subject",
    "describe",
    "digest_facts",
    "load_signatures",
]
