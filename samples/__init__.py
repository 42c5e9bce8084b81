"""Training images: small, built by code, the same bytes every time, and inert.

Inert means that nothing in them does harm if somebody runs it: programs consist of `exit(0)`, scripts leave
in their first lines, hosts end in `.invalid` or are documentation addresses (RFC 2606, RFC 5737), and every
key, token and wallet is made of a digest and belongs to nobody.
"""
