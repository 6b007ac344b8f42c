/*
 * Keys of RFC 7515 appendix A.3 and RFC 7518 appendix C as PKCS#8, two keys
 * made for the tests, and JWEs that another implementation sealed to them.
 */
#pragma once

static const char key_rfc7515_a3[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
    "-----END PRIVATE KEY-----\n";

static const char key_alice[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0/NxaRPUMQoAJt50\n"
    "Gz8YiTr8gRTwyEaCumd+MToTmIqhRANCAASAjQYAgsF27tPndqSsWYzIZywXefl0\n"
    "7sybA0EcpblJXUi1v8Un385T1qxxFSN9AxzP+HoFcLdzUKnlA+5zBaab\n"
    "-----END PRIVATE KEY-----\n";

static const char key_bob[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVEmDZpDXXK8p8N0C\n"
    "ndsxs924q6nS1RXFASRl6BfUqdyhRANCAATB40nLYexwJIzoAQNMODThuI6+EWHL\n"
    "Ja84dB94X8/ExHvJZwjvgJUrU/jSVV/nK4Qe0EWIYosdN4pZSTlQDsnJ\n"
    "-----END PRIVATE KEY-----\n";

static const char key_p521[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBOFS0kqmokqw14ZLE\n"
    "h0xEE3FHixOs8XkeTIAnRnx2nf99nt/zPlfxEmsAOCHrsAA3qfRsfb8R/eG+5/g6\n"
    "clTEvcehgYkDgYYABABmkNJoWyNys+cU0mdaJAoz4Q0SOX2XudD8enzBRAFdfgTK\n"
    "/Z4pdmDN3MNGOlfceKyposX0+9Ig7YMnkRaIoXzU4wBBxqw+el/5OgJF90FXxxEf\n"
    "6GDF+wTNFyPI902LAmyIDOK3LmhMgfCcTxoFu4fHMdKMh4VJS6NzVrrStZscW5HW\n"
    "fQ==\n"
    "-----END PRIVATE KEY-----\n";

static const char key_rsa[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDsthSL8XlvQGGT\n"
    "JzUqadG3wITK4XgNllWbeDQeeiMkJGbxNR57gcOx1hmNTYg+o6rTiRgCxJksyFEB\n"
    "AC8j+IdZKLISCX8TyC69Ju4vxHiLA1dUIWvORIvB1SW4fEeWaam1Ky0xNS0LdDLN\n"
    "gBDG9VKJg0lFsbhjzisPPkImLXMl/GU/surZWjB2DBWxh9A7B8JGy7clI4+b396O\n"
    "zgyoFqCllKTZLLRavw7Hg9DqJHILzsYTsLvEadN9uNBb7bZv7MMVi1klwRlmIN2G\n"
    "nstP5Fz8aue7o40pfJDhb2cbxTA2R5H7GzWyxgx0BgOlykV0//ITPeMjFYb4s7SP\n"
    "dtjU3/gZAgMBAAECggEAA/EDNhJTApB4n3Xla3ugF5Zvz54B/P3uFnzhp0lC2Qj3\n"
    "ItiO1aEjREyLl9/83wgkIcoUWYVzBH0gZisd3dQ3Urt7/ZNlZ4urhZBGoop7tFrd\n"
    "oyO8Uw6uog9dxaziF0XSotbhdYKMabapWuUhQmLW2T3TpEKxjo3iByqy+MZEdtMt\n"
    "HJxMJ3n+kQcovZGb9RWyN8ujTszNP7J9GhKbAvUC7LG9VbIJB7p6f89whuXIZDa7\n"
    "5jYW4UxeTqIHrJknx71uFsuTP4mKd5RfMkTyyOz7q7PuPBluRkudPQn3VIkX4QTx\n"
    "3iZljO9JHYQZPsN1Q+Lnu5aOgd0LqgJt7eqDzEcjAQKBgQD5Aiag7j+BS/kNqZQM\n"
    "37bw0uUpMV+Ya+r4zgxbXOlnRHJQvvZg31f+3tzAMStHRwirwo7oczLV2YGNQA1a\n"
    "kwsE99mSSmN2TbWoEFSWldActz5pXkOFYDqJF7UuWKmmGG+xXQ1jwmk8wo77EV6A\n"
    "XQG7KCM9ezTpClR+Gxu5vNmRmQKBgQDzW4nhdcXPW2c+/V9CZvNhBp0pRH+g+Xmq\n"
    "cfF4n+sJtW6QhoHt9WObbJErRRH3VbkdcCjmhYeMgi3sdIi1RHbO5S10uQwdaFXp\n"
    "1MwKaYz8QM9f61LsOh+Yjgi5UaQXyNgyd97at5IcZKTk1i0+eUAqfIrvsE90sD3M\n"
    "KUyVyb6qgQKBgATxcvzc3eveKzqHNEYxJruPJDd2IHSxJ7/6ryodJREEvdQ2hkOU\n"
    "C3YmzHEQSNCoa1aljRq2NrsiDz1TmTBEHQLjPLF3wpO1pTaJ5HP8013OkXGcCnEa\n"
    "YO8ZxmH+JpgCgi0eMMbbNCWdoyL+zEZ2EjO570EoMfuyVc0PErTUN+l5AoGAJCUm\n"
    "d4xMkx3aWeq8KVqtL24SDb0Uz83+GijOWsI14L1H7MNtrPBTmRQpA6pAnuHmms67\n"
    "5HFUzrPPKl2sqG/Azb4QYFPTztJeYFqw66L9w8HEi1Sifl+rrbb66LuNidLU+boA\n"
    "KbA2TW1NaIe/NJZBx42z/SHMy2IZ66b+rwjF/wECgYAqVEOOdKkM1qqJPa0vrLx3\n"
    "hSQ1FHjjPDbejjbgVaDj3zBAPNWobLLSBt3qGK2/eQOwoqjvRndt+H/ejZ/qFicE\n"
    "CcqWZ86rtqRKIvARKrizEhRJ/KEYG1Th+5xliCYH81QrPEkfp504TwDCWlHVrE0d\n"
    "NYbLh7+soUo3qWFBGeFEIQ==\n"
    "-----END PRIVATE KEY-----\n";

/* Base64url, as the members of the flattened form. */
struct jwe_fixture {
	const char *key;
	const char *alg;
	const char *epk_x, *epk_y;
	const char *protected_b64, *encrypted_key, *iv, *ciphertext, *tag;
};

static const struct jwe_fixture jwe_fixtures[] = {
	{ key_bob, "ECDH-ES+A256KW",
	    "LGSgFOFwDscvTcNth3MiDuh8jWSGGf_BLfCkk4akEbo",
	    "izeE0GXcYvwvDSvvSxw-mp7S4icYAaDm2K6Va-0RdfM",
	    "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ",
	    "n6A0qXDdPNxs8dqfVHfkyy9Ya7WMsU-s5frgT4sCa9rwbX-8Yki3ig",
	    "JOCi3gSLx_CGmADB", "yFF9KdSdghU9FPQxFBGalrnEKkOMSzJihA",
	    "7yrKiLjfEA0A-rO9UaxZHg" },
	{ key_p521, "ECDH-ES+A256KW",
	    "AddiXkrtanD2ilmktOGn2zXDM7mnELRb3dBEqsC66eWC5bm7arwr7V9B"
	    "ApTTjlQAXo17NacwziHxGw91tZitFRQV",
	    "AAAPrSrDLFK2AiUNhDCDt_V3VuahYerCvg7HZ6gwYNIuc1t_8mtPgXOf"
	    "3t2xDbwOZyDjMVrJOM6rUHWFQVeXZjzr",
	    "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ",
	    "gyWIR94IU85JGTLGhsDfG2-vdXRZdsvbFOhTjOk1Vch_d9SZ9efaKA",
	    "PD66eNTHlJEgo3Ut", "mim30VJVhj1FrC577sKDAH6UQMeLYp3yuA",
	    "11i1OckKz64CIxbOoj9xKQ" },
	{ key_rsa, "RSA-OAEP-256", "", "",
	    "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0",
	    "BbCuXfZwrcORvXcY4sMk5P_XrMff_xA3wQmJbD6-CwglRj8YemZL2LwJ"
	    "2YgAp7Llu8HPbD8lCDKjFpBNrY92BIA4f3BO8a8SdMjGmaDR3auZj0eD"
	    "acELlJ04b6yHWiUdchMjy6bnCp7EmoZWuZeYWJ2-gFCcWqr9tFzjMQ7-"
	    "DOHu6lIk5a9UbD7n_eRfqe7EQOOsdwLCV2UY4E2NYUtC0yk3CxE-A9qj"
	    "4IBRhSFRXg0NkE5oqa2hoz7tbMKjX2_lM-1sGc0t-WM1AKzbYw8EzDK2"
	    "Hnh4Ty92pTYOWdtxd-s1SHnX6XwhiWupRF4rSCQ-Fu2-NL5xSQmClWBZ"
	    "YYlAyA",
	    "4d3etu2lYPYR5sbv", "jhBJOpAZhzJ2DhpSJlqxc7IK0TlKX9hDiQ",
	    "FXtLcu_rPJAPovNA7uldrQ" },
};
