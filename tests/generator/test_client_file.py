"""Are client settings of a secured Kafka read, and are passwords written nowhere?"""

import pytest

from generator.client_file import read_client_file, without_secrets
from generator.kafka_client import KafkaRefused


def test_lines_are_settings_and_comments_are_not(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("# ours\n\nsecurity.protocol = SASL_SSL\nsasl.password=a=b\n!old\n")
    assert read_client_file(file) == {"security.protocol": "SASL_SSL", "sasl.password": "a=b"}
    assert read_client_file(None) == {}


def test_a_wrong_line_is_named_by_number_and_not_shown(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("security.protocol=SSL\nhunter2\n")
    with pytest.raises(KafkaRefused, match="line 2: not key=value") as refused:
        read_client_file(file)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(KafkaRefused, match=r"absent\.properties"):
        read_client_file(tmp_path / "absent.properties")


@pytest.mark.parametrize(
    "name", ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"]
)
def test_what_must_stay_secret_is_hidden(name):
    assert without_secrets({name: "hunter2"}) == {name: "(hidden)"}
