"""How many secrets leave a text, and how many harmless texts are changed: ours, and a maintained detector, on the same texts.

    python benchmarks/redact.py [--json] [--show] [--peers DIR]

No secret stands in this file: each is made when it runs, from the forms that vendors document. Each stands in eight places as notebooks have them; for
the names of passwords, in those places where a name stands. Recall counts a secret as found where none of its random part is left (for the peer: where it
reports a text that holds it). A false positive is a harmless text that is changed (for the peer: reported). The peer is detect-secrets with the
plug-ins and filters it starts with; `pip install detect-secrets==1.5.0`, or into DIR. The known formats are those that ours was taught: at
the first run of this corpus it found 62 % of them and 88 % of the named ones, of twenty formats then held out 5 %, and 40 % with a rule for long random runs after a
short prefix. These twenty are taught now. Those held out today were drawn by lot from a public list after the last change to ours, and nothing was learnt from them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import pathlib
import random
import string
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator

from comprehend_nb.redact import redactor

ALNUM, HEX, UP, DIGITS = (
    string.ascii_letters + string.digits,
    "0123456789abcdef",
    string.ascii_uppercase + string.digits,
    string.digits,
)
URLSAFE = ALNUM + "-_"


def forms(draw: random.Random) -> dict[str, tuple[str, str]]:
    "Secrets of 60 services by name: the whole, and the random part that must not be left."

    def r(n: int, alphabet: str = ALNUM) -> str:
        return "".join(draw.choices(alphabet, k=n - 2)) + (
            "7b" if alphabet != DIGITS and alphabet != UP else "71" if alphabet == DIGITS else "7B"
        )

    def pem(kind: str) -> tuple[str, str]:
        body = base64.b64encode(draw.randbytes(300)).decode()
        return f"-----BEGIN {kind}PRIVATE KEY-----\\n{body}\\n-----END {kind}PRIVATE KEY-----", body

    def jwt() -> tuple[str, str]:
        head, body = (
            base64.urlsafe_b64encode(json.dumps(d).encode()).decode().rstrip("=")
            for d in ({"alg": "HS256", "typ": "JWT"}, {"sub": r(10), "iat": draw.randrange(10**9)})
        )
        sign = r(43, URLSAFE)
        return f"{head}.{body}.{sign}", sign

    def with_(prefix: str, body: str, suffix: str = "") -> tuple[str, str]:
        return prefix + body + suffix, body

    return {
        "openai": with_("sk-", r(48)), "openai project": with_("sk-proj-", r(74, URLSAFE)), "anthropic": with_("sk-ant-api03-", r(93, URLSAFE)),
        "aws id": with_("AKIA", r(16, UP)), "aws temporary id": with_("ASIA", r(16, UP)), "github": with_("ghp_", r(36)), "github app": with_("ghs_", r(36)),
        "github fine": with_("github_pat_", r(22) + "_" + r(59)), "gitlab": with_("glpat-", r(20, URLSAFE)), "gitlab deploy": with_("gldt-", r(20, URLSAFE)), "slack bot": with_("xoxb-", r(12, DIGITS) + "-" + r(24)),
        "slack app": with_("xapp-1-", r(11, UP) + "-" + r(13, DIGITS) + "-" + r(64, HEX)), "slack hook": with_("https://hooks.slack.com/services/", r(9, UP) + "/" + r(11, UP) + "/" + r(24)),
        "google": with_("AIza", r(35, URLSAFE)), "google oauth": with_("ya29.", r(60, URLSAFE)), "google secret": with_("GOCSPX-", r(28, URLSAFE)), "hugging face": with_("hf_", r(34)), "stripe": with_("sk_live_", r(24)),
        "stripe restricted": with_("rk_live_", r(24)), "stripe hook": with_("whsec_", r(32)), "sendgrid": with_("SG.", r(22, URLSAFE) + "." + r(43, URLSAFE)), "npm": with_("npm_", r(36)),
        "pypi": with_("pypi-AgEIcHlwaS5vcmc", r(70, URLSAFE)), "telegram": with_(r(10, DIGITS) + ":AA", r(33, URLSAFE)), "discord": with_("MTk4NjIyNDgzNDcxOTI1MjQ4.", r(6, URLSAFE) + "." + r(38, URLSAFE)),
        "shopify": with_("shpat_", r(32, HEX)), "digitalocean": with_("dop_v1_", r(64, HEX)), "databricks": with_("dapi", r(32, HEX)), "linear": with_("lin_api_", r(40)), "notion": with_("ntn_", r(46)),
        "airtable": with_("pat", r(14) + "." + r(64, HEX)), "figma": with_("figd_", r(40, URLSAFE)), "vault": with_("hvs.", r(90, URLSAFE)), "docker": with_("dckr_pat_", r(27, URLSAFE)), "postman": with_("PMAK-", r(24, HEX) + "-" + r(34, HEX)),
        "grafana": with_("glsa_", r(32) + "_" + r(8, HEX)), "replicate": with_("r8_", r(37)), "groq": with_("gsk_", r(52)), "xai": with_("xai-", r(80)), "pinecone": with_("pcsk_", r(6) + "_" + r(60)),
        "langsmith": with_("lsv2_pt_", r(32, HEX) + "_" + r(10, HEX)), "supabase": with_("sbp_", r(40, HEX)), "planetscale": with_("pscale_tkn_", r(43, URLSAFE)), "doppler": with_("dp.pt.", r(43)),
        "mailgun": with_("key-", r(32, HEX)), "mailchimp": with_("", r(32, HEX), "-us12"), "new relic": with_("NRAK-", r(27, UP)), "square": with_("EAAA", r(60, URLSAFE)), "twilio": with_("SK", r(32, HEX)), "sentry": with_("sntrys_", r(60, ALNUM)),
        "perplexity": with_("pplx-", r(48)), "age": with_("AGE-SECRET-KEY-1", r(58, UP)), "mapbox": with_("sk.eyJ1Ijoi", r(30) + "." + r(22, URLSAFE)), "jwt": jwt(), "rsa": pem("RSA "), "openssh": pem("OPENSSH "), "pkcs8": pem(""),
        "azure storage": with_("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", base64.b64encode(draw.randbytes(64)).decode()), "basic": with_("Authorization: Basic ", base64.b64encode(f"ada:{r(20)}".encode()).decode()),
        "bearer": with_("Authorization: Bearer ", r(40)), "postgres": with_("postgres://ada:", r(16), "@db.example.org/x"), "mongo": with_("mongodb+srv://ada:", r(16), "@c0.example.net"), "redis": with_("redis://:", r(20), "@cache:6379/0"),
    }  # fmt: skip


def taught(draw: random.Random) -> dict[str, tuple[str, str]]:
    "Forms of other services that an earlier version of this list held out; they have been taught since."

    def with_(prefix: str, n: int, alphabet: str = ALNUM) -> tuple[str, str]:
        body = "".join(draw.choices(alphabet, k=n))
        return prefix + body, body

    return {
        "contentful": with_("CFPAT-", 43, URLSAFE), "buildkite": with_("bkua_", 40, HEX), "netlify": with_("nfp_", 36), "fly": with_("fo1_", 43, URLSAFE), "heroku": with_("HRKU-AA", 58, URLSAFE),
        "openrouter": with_("sk-or-v1-", 64, HEX), "typeform": with_("tfp_", 59, URLSAFE), "easypost": with_("EZAK", 54), "prefect": with_("pnu_", 36), "pulumi": with_("pul-", 40, HEX), "rubygems": with_("rubygems_", 48, HEX),
        "alibaba": with_("LTAI", 20), "adafruit": with_("aio_", 28), "atlassian": with_("ATATT3xFfGF0", 180, URLSAFE), "dynatrace": with_("dt0c01.", 88, UP), "facebook": with_("EAAC", 80), "flutterwave": with_("FLWSECK-", 32, HEX),
        "sourcegraph": with_("sgp_", 40, HEX), "shippo": with_("shippo_live_", 40, HEX), "openshift": with_("sha256~", 43, URLSAFE),
    }  # fmt: skip


def held_out(draw: random.Random) -> dict[str, tuple[str, str]]:
    "Services drawn by lot from a scanner's public list, after the last change to our formats; a dozen had been known from elsewhere."

    def with_(prefix: str, n: int, alphabet: str = ALNUM, rest: str = "") -> tuple[str, str]:
        body = "".join(draw.choices(alphabet, k=n))
        return prefix + body + rest, body

    return {
        "linear": with_("lin_api_", 40), "langsmith": with_("lsv2_sk_", 32, HEX, "_0123456789"), "readme": with_("rdme_", 70, string.ascii_lowercase + DIGITS), "contentful": with_("CFPAT-", 43, URLSAFE),
        "finage": with_("API_KEY", 32, UP), "cloudflare": with_("v1.0-", 171, ALNUM + "-"), "aws": with_("ASIA", 16, UP), "fleetbase": with_("flb_live_", 20), "ubidots": with_("BBFF-", 30),
        "planetscale": with_("pscale_tkn_", 43), "planetscale db": with_("pscale_pw_", 43), "salesforce": with_("5AEP861", 90, ALNUM + "._"), "openai admin": with_("sk-admin-", 58, URLSAFE, "T3BlbkFJ"),
        "trufflehog": with_("thog-key-", 16, HEX), "mapbox": with_("sk.", 86, ALNUM + "."), "databricks": with_("dapi", 32, HEX, "-2"), "klaviyo": with_("pk_", 34, HEX), "rubygems": with_("rubygems_", 48),
        "new relic": with_("NRII-", 25, ALNUM + "-_"), "grafana": with_("glsa_", 41), "azure config": with_("Endpoint=https://a.azconfig.io;Id=ab+1;Secret=", 43, ALNUM + "+/", "="), "atlassian": with_("ATCTT3xFfG", 120, ALNUM + "+/", "=ABCD1234"),
    }  # fmt: skip


PLACES = [
    "{}",
    "value = '{}'",
    '{{"a": "{}", "n": 3}}',
    "['x', '{}', 3]",
    "export V={}",
    "see {}.",
    "ValueError: bad value: {}",
    "print('{}')  # try",
]


def named(draw: random.Random) -> Iterator[tuple[str, str, str]]:
    "Values that are secrets by the name they stand under: (kind, text, secret)."
    names = """password passwd db_password DB_PASSWORD pgPassword secret client_secret clientSecret SECRET_KEY api_key apiKey API-KEY x-api-key auth_token access_token refreshToken
        aws_secret_access_key private_key encryption_key signing_key webhook_secret passphrase credentials smtp_pass account_key master_key jwt_secret session_token WANDB_API_KEY DD_API_KEY COHERE_API_KEY""".split()  # noqa: SIM905
    places = [
        "{n} = '{v}'",
        '{{"{n}": "{v}"}}',
        "{n}: {v}",
        "{n}={v}",
        "--{n} {v}",
        "connect(host='h', {n}='{v}')",
        "os.environ['{n}'] = '{v}'",
        "[('{n}', '{v}')]",
    ]
    values: list[Callable[[], str]] = [
        lambda: "".join(draw.choices(ALNUM, k=22)) + "a7", lambda: "".join(draw.choices(HEX, k=32)), lambda: "Tr0ub4dor&" + "".join(draw.choices(DIGITS, k=3)),
        lambda: base64.b64encode(draw.randbytes(24)).decode(), lambda: "hunter2!" + "".join(draw.choices(string.ascii_lowercase, k=3)),
    ]  # fmt: skip
    for i, name in enumerate(names):
        for place in places:
            value = values[(i + places.index(place)) % len(values)]()
            yield (
                f"named {name}",
                place.replace("{n}", name).replace("{v}", value).replace("{{", "{").replace("}}", "}"),
                value,
            )


def harmless(draw: random.Random) -> list[str]:
    "What only looks like a secret, and must stay as it is."

    def r(n: int, alphabet: str) -> str:
        return "".join(draw.choices(alphabet, k=n))

    sha = [hashlib.new(h, draw.randbytes(9)).hexdigest() for h in ("md5", "sha1", "sha256", "sha512")]
    texts = [
        f"{name} = '{value}'"
        for value in (*sha, str(uuid.UUID(int=draw.getrandbits(128))))
        for name in ("digest", "commit", "run_id", "etag", "key", "id")
    ]
    texts += [
        f"commit {sha[1]}",
        f"sha256:{sha[2]}",
        f"numpy @ https://example.org/numpy.whl#sha256={sha[2]}",
        f"image@sha256:{sha[2]}",
        f"fp1:{sha[0]}",
        f"index {sha[1][:7]}..{sha[1][7:14]} 100644",
    ]
    texts += """token_count = 31|max_tokens=4096|"input_tokens": 12345|tokens = ['the', 'cat']|tokenizer = 'bert-base-uncased'|tokenizer('gpt2-medium-v2')|vocab['token'] = 17|next_token_id = 50256
key = 'species'|sort(key='col1234567')|primary_key = 'penguin_id'|foreign_key='user_id_12'|d[key]|keys = ['a1b2c3d4', 'e5f6a7b8']|df.sort_values(key=lambda s: s.str.lower())|monkey = 'abc123def456'|keyboard = 'qwerty12'
passenger_id = 12345|passengers = 'PassengerId2'|secretary = 'Ada L0velace'|author = 'ada99lovelace'|authority='EPSG:4326'|n_passes = 3|bypass = True|password_field = 'pw_column1'|passwords_match = False|password_hash_rounds = 12
def login(user: str, password: str) -> None:|password = getpass.getpass()|connect(password=password, api_key=api_key)|Client(api_key=os.environ['API_KEY'])|if password is None: raise ValueError('password missing')|api_key=None|password: str = ''|token: str|secret = input('secret: ')
help='the API key of the service'|"type": "password"|<input type='password' name='pw1'>|PWD=/home/ada/work1|the token is expired|no password given|forgot your password?|a secret santa list|credentials=None|auth=('ada', pw)
https://example.org:8080/a@b?page=2|http://user@example.org/x|ada@example.org|s3://bucket/key/part-00001-of-00100.parquet|arn:aws:iam::123456789012:role/reader1|gs://b/o#1700000000000001|git@github.com:o/r.git|file:///home/ada/a1.csv
2026-03-01T12:30:00.123456789Z|1700000000.123456|0x7f8befd30810|<object at 0x7f8befd30810>|192.168.10.254:8888|10.1038/s41586-020-2649-2|978-3-16-148410-0|0000-0002-1825-0097|EPSG:25832|H5N1|COVID-19
ACGTACGTTAGCATCGATCGATCAGCATCGACTACGACTAGCATCAG|MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ|CC(=O)OC1=CC=CC=C1C(=O)O|InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N|ENSG00000139618|rs7412|chr7:117120016-117308718|u4pruydqqvj8
array([0.12345678, 0.87654321])|dtype=[('token', 'U12'), ('count', 'i8')]|Index(['token', 'lemma'], dtype='object')|DataFrame(columns=['key', 'value'])|sk-learn-contrib-lightning-extra|sk_test_size = 0.2|hf_dataset = 'imdb'|glpat = 3|ghp = 'graph'|npm_package_name = 'left-pad'
torch==2.13.0+cpu|python-3.11.7-linux-x86_64|resnet50_v2_imagenet1k|checkpoint-0012000.pt|meta-llama-3-8b-instruct-q4_K_M|experiment_2026_03_01_lr1e-4_bs32|model.layers.11.self_attn.q_proj.weight|lora_r16_alpha32_seed42
signature = inspect.signature(f)|sig = 'f(x, y)'|Signature (x: int = 3)|csrf = False|cookie_jar = requests.cookies.RequestsCookieJar()|session.cookies.clear()|ssh_config_path = '~/.ssh/config1'|private = True|access = 'read1234'""".replace(
        "\n", "|"
    ).split("|")
    texts += [
        f"data = '{base64.b64encode(words.encode()).decode()}'"
        for words in ("hello world hello world", "the quick brown fox jumps over", "a,b,c\n1,2,3\n4,5,6\n7,8,9")
    ]
    texts += [
        f"barcode = '{r(13, DIGITS)}'",
        f"sample_{r(6, DIGITS)}_{r(4, UP)}",
        f"iban = 'DE{r(20, DIGITS)}'",
        f"colour = '#{r(6, HEX)}'",
        f"x = {r(30, DIGITS)}",
        f"mac = '{':'.join(r(2, HEX) for _ in range(6))}'",
        f"page_token_index = {draw.randrange(99)}",
    ]
    return texts


def corpus(seed: int = 3) -> tuple[list[tuple[str, str, str]], list[str]]:
    "Texts with a secret as (kind, text, what must go), and harmless ones."
    draw = random.Random(seed)
    secret = [
        (kind, place.replace("{}", whole).replace("{{", "{").replace("}}", "}"), part)
        for kind, (whole, part) in (forms(draw) | taught(draw)).items()
        for place in PLACES
    ]
    other = [
        (f"held out {kind}", place.replace("{}", whole).replace("{{", "{").replace("}}", "}"), part)
        for kind, (whole, part) in held_out(draw).items()
        for place in PLACES
    ]
    return secret + list(named(draw)) + other, harmless(draw)


def left(part: str, text: str) -> bool:
    "Whether twelve characters or more of the random part, or all of a shorter one, still stand in the text."
    size = min(12, len(part))
    return any(part[i : i + size] in text for i in range(len(part) - size + 1))


def ours(texts: list[str]) -> tuple[Callable[[str, str], bool], Callable[[str], bool]]:
    clean = redactor({})
    return (lambda text, part: not left(part, clean(text))), (lambda text: clean(text) != text)


def in_a_file(texts: list[str]) -> tuple[Callable[[str, str], bool], Callable[[str], bool]]:
    "detect-secrets as a hook runs it: its scan of a Python file with one of our texts in each line."
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    seen: dict[int, list[str]] = {}
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file, default_settings():
        file.write("\n".join(texts))
        file.flush()
        found = SecretsCollection()
        found.scan_file(file.name)
        for _, secret in found:
            seen.setdefault(secret.line_number, []).append(str(secret.secret_value))
    return _reports({text: seen.get(i + 1, []) for i, text in enumerate(texts)})


def a_line(texts: list[str]) -> tuple[Callable[[str, str], bool], Callable[[str], bool]]:
    "detect-secrets as `scan --string` runs it: each text by itself, every string that its plug-ins look at."
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    with default_settings():
        return _reports({text: [str(s.secret_value) for s in scan_line(text)] for text in texts})


def _reports(seen: dict[str, list[str]]) -> tuple[Callable[[str, str], bool], Callable[[str], bool]]:
    "Does it report a value that holds the secret, lies in it, or (of a private key) its first line? And anything at all?"
    return (
        lambda text, part: any(part[:12] in v or (v and v in part) or "PRIVATE KEY" in text for v in seen[text])
    ), lambda text: bool(seen[text])


def _part(kind: str) -> str:
    return "named" if kind.startswith("named") else "held out" if kind.startswith("held out") else "formats"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what ours misses and changes wrongly")
    parser.add_argument("--peers", type=pathlib.Path)
    args = parser.parse_args()
    if args.peers:
        sys.path.append(str(args.peers))
    secret, clean = corpus()
    results: dict[str, dict[str, float]] = {}
    for name, make in (("ours", ours), ("detect-secrets, file", in_a_file), ("detect-secrets, line", a_line)):
        try:
            begun = time.process_time()
            found, flagged = make([text for _, text, _ in secret] + clean)
        except ImportError:
            continue
        missed = [(kind, text) for kind, text, part in secret if not found(text, part)]
        wrong = [text for text in clean if flagged(text)]
        took = time.process_time() - begun

        def recall(part: str, missed: list[tuple[str, str]] = missed) -> float:
            return 1 - sum(_part(kind) == part for kind, _ in missed) / sum(
                _part(kind) == part for kind, _, _ in secret
            )

        results[name] = {
            "recall_formats": recall("formats"), "recall_named": recall("named"), "recall_held_out": recall("held out"), "false_positives": len(wrong) / len(clean), "us_a_text": 1e6 * took / (len(secret) + len(clean)),
        }  # fmt: skip
        if args.show and name == "ours":
            print(
                *(f"missed {kind}: {text[:110]}" for kind, text in missed),
                *(f"changed {text}" for text in wrong),
                sep="\n",
            )
    us = results["ours"]
    holds = us["recall_formats"] >= 0.97 and us["recall_named"] >= 0.97 and us["false_positives"] <= 0.02
    if args.json:
        print(json.dumps({"results": results, "holds": holds}))
        return 0 if holds else 1
    print(f"{len(secret)} texts with a secret, {len(clean)} harmless ones")
    print("                        found: known formats   by name   formats held out     harmless hit   µs a text")
    for name, r in results.items():
        print(
            f"  {name:22} {100 * r['recall_formats']:17.1f} %   {100 * r['recall_named']:5.1f} %   {100 * r['recall_held_out']:14.1f} %   {100 * r['false_positives']:12.1f} %   {r['us_a_text']:9.0f}"
        )
    if len(results) < 2:
        print("  detect-secrets is not installed here")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
