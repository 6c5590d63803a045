"Secrets leave in no text; what only looks like one stays. Every secret here is made when the test runs."

import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comprehend_nb.redact import is_secret_name, plain, redact, redact_value, redactor, scrub


def made(n: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(random.Random(n).choices(alphabet, k=n - 2)) + "a7"


FORMATS = [
    "sk-" + made(48),
    "sk-proj-" + made(60),
    "sk-ant-api03-" + made(90),
    "AKIA" + made(18, string.ascii_uppercase).upper()[:16],
    "ghp_" + made(36),
    "github_pat_" + made(22) + "_" + made(59),
    "glpat-" + made(20),
    "xoxb-" + made(12, string.digits) + "-" + made(24),
    "AIza" + made(35),
    "eyJ" + made(30) + ".eyJ" + made(60) + "." + made(43),
    "hf_" + made(34),
    "sk_live_" + made(24),
    "SG." + made(22) + "." + made(43),
    "npm_" + made(36),
]
PLACES = [
    "{}",
    "x = '{}'",
    '{{"a": "{}"}}',
    "see {}.",
    "({})",
    "a\\n{}\\n",
    "https://h/?q={}",
    "[1, '{}']",
    "KEY={}",
    "{},{}",
]


@pytest.mark.parametrize("secret", FORMATS, ids=lambda s: s[:7])
def test_a_format_is_found_wherever_it_stands(secret):
    for place in PLACES:
        assert secret[8:] not in redact(place.replace("{}", secret).replace("{{", "{").replace("}}", "}")), place


STAYS = [
    "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "fp1:" + "0a" * 16,
    "sha256:" + "9f" * 32,
    "550e8400-e29b-41d4-a716-446655440000",
    "token_count = 31",
    "max_tokens=4096",
    '"input_tokens": 12345',
    "data = 'aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ='",
    "https://example.org:8080/a@b?page=2",
    "key = 'species'",
    "sort(key='col1234567')",
    "key = '9fceb02d0ae598e95dc970b74767f19372d61af8'",
    "df.sort_values(key=lambda s: s.str.lower())",
    "password = getpass.getpass()",
    "connect(password=password, api_key=api_key)",
    "client = Client(api_key=os.environ['API_KEY'])",
    "sk-learn-contrib-lightning-extra",
    "def login(user: str, password: str) -> None:",
    "the token is expired",
    "tokens = ['a', 'b']",
    "PWD=/home/ada/work",
    "if password is None: raise ValueError('password missing')",
    "if key == 'a1b2c3': pass",
]


@pytest.mark.parametrize("text", STAYS)
def test_look_alikes_stay(text):
    assert redact(text, environ={}) == text


@pytest.mark.parametrize(
    "text",
    [
        "password = '{}'", 'passwd="{}"', '{"db_password": "{}"}', "api_key: {}", "API_KEY={}", "--password {}", "'--api-key', '{}'",
        "client_secret => {}", "config['password'] = '{}'", 'os.environ["SECRET_KEY"] = "{}"', "password: str | None = '{}'",
        '{\\"password\\": \\"{}\\"}', "postgres://ada:{}@host/db", "redis://:{}@host:6379/0", "Authorization: Bearer {}", "x?access_token={}&y=1",
        "password='''{}'''", "connect(host='h', password='{}')", "secret_key='{}",
    ],
)  # fmt: skip
def test_a_name_beside_it_says_so(text):
    secret = "hunter2-" + made(12)
    assert secret not in redact(text.replace("{}", secret), environ={})


def test_the_environment_is_known():
    value = "all words and no digits"
    assert value not in redact(f"it said {value}!", environ={"MY_SECRET": value})
    assert redactor({"MY_SECRET": value})(value) == "[redacted: known value]"
    for hostile in ("[redacted: known value]", "known value", "redacted"):
        text = redact(f"{hostile} {hostile}", environ={"MY_SECRET": hostile})
        assert redact(text, environ={"MY_SECRET": hostile}) == text


@given(
    st.text(
        alphabet=st.sampled_from(
            "[redacted: known value]password=:'\"\\\n -sk-ant-ghp_eyJ.://a:b@AKIA0123456789 bearer --token,{}"
        ),
        max_size=200,
    )
)
@settings(max_examples=400, deadline=None)
def test_twice_is_once(text):
    for name in ("password", "token", "x"):
        first = redact_value(name, text)
        assert redact_value(name, first) == first
    assert redact(redact(text)) == redact(text) and scrub(scrub([text])) == scrub([text])
    is_secret_name(text)


@given(
    st.text(alphabet=st.characters(), max_size=100)
    | st.text(alphabet=st.sampled_from("\x1b[]0;mP\\\x07\x9b\x9d\u202e\u200b\ud800\r\n\tab"), max_size=60)
)
@settings(max_examples=300, deadline=None)
def test_plain_text_is_plain(text):
    shown = plain(text)
    assert plain(shown) == shown
    shown.encode()
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" or c in "\u200b\u202e" for c in shown)
    redact(text)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "sk-",
        "eyJ",
        "eyJ-",
        "password=",
        "password='",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "bearer ",
        "a-",
        "[redacted: ",
        "\x1b]",
        "://",
        "--token ",
        "'",
        "\\",
        "_",
        "xoxb-",
        "SG.",
        "1",
    ],
)
def test_a_megabyte_takes_no_time(unit):
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    redact(text), plain(text)
    assert time.process_time() - began < 4


def test_structures():
    secret = made(20)
    told = scrub(
        {
            "a": [{"password": secret}, ("x", {"token": secret, "token_count": 3})],
            "secrets": {"db": {"p": secret}},
            secret: None,
        }
    )
    assert secret not in repr({k: v for k, v in told.items() if k != secret}) and told["a"][1][1]["token_count"] == 3
    assert scrub(3.5) == 3.5 and scrub(None) is None


def test_the_corpus() -> None:
    "What benchmarks/redact.py measures, as a floor: secrets of sixty services in eight places each, names, and look-alikes."
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from redact import corpus, left

    secret, harmless = corpus(seed=11)
    clean = redactor({})
    known = [(text, part) for kind, text, part in secret if not kind.startswith("held out")]
    missed = [text for text, part in known if left(part, clean(text))]
    assert len(known) > 700 and len(harmless) > 140
    assert len(missed) <= 0.02 * len(known), missed
    assert [text for text in harmless if clean(text) != text] == []
