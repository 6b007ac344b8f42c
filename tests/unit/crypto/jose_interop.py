"""Opens what jose_peer sealed and checks what it signed, with jwcrypto."""

import json
import subprocess
import sys

from jwcrypto import jwe, jwk, jws

SECRET = b"released to one recipient"


def check_sealed(case, key):
    token = jwe.JWE()
    token.deserialize(json.dumps(case["jwe"]), key)
    assert token.payload == SECRET
    assert key.thumbprint() == case["thumbprint"]


def check_signed(case, key):
    token = jws.JWS()
    token.deserialize(case["jws"])
    token.verify(key, alg="ES256")
    assert token.payload == SECRET


def main():
    out = subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE)
    lines = out.stdout.decode().splitlines()
    assert len(lines) == 4
    for line in lines:
        case = json.loads(line)
        key = jwk.JWK.from_pem(case["key"].encode())
        if "jwe" in case:
            check_sealed(case, key)
        else:
            check_signed(case, key)


main()
