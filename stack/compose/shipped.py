"""Which local stack are the containers compared with, and where are they found?

That which the project ships: no variable of the caller's environment has a say in files that are
kept in git.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from stack.settings import PROJECT_ROOT, StackSettings

COMPOSE_FILE: Final = PROJECT_ROOT / "docker-compose.flink.yml"
#: Names by which the containers find each other.
KAFKA: Final = "kafka"
JOBMANAGER: Final = "jobmanager"
TASKMANAGER: Final = "taskmanager"
OBJECT_STORE: Final = "object-store"
#: Where Kafka serves other containers; on its other port it names itself as the host reaches it.
KAFKA_INSIDE_PORT: Final = 29092
KAFKA_INSIDE: Final = f"{KAFKA}:{KAFKA_INSIDE_PORT}"
#: Folder of the job in the image, and of Flink's installation.
JOB_FOLDER: Final = "/opt/paystream"
FLINK_FOLDER: Final = "/opt/flink"


class ShippedSettings(StackSettings):
    """The stack's settings as they ship: the environment is not asked."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic gives all of them
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the code itself says."""
        return (init_settings,)


def shipped_settings(**given: Any) -> ShippedSettings:
    """The local stack that has all that the containers have.

    Parameters
    ----------
    **given
        Fields that win.
    """
    asked: dict[str, Any] = {
        **dict.fromkeys(("object_store", "elasticsearch", "postgres"), True),
        # Containers are there to stay: they have the minutes that the JVM's second compiler takes.
        "jit": "full",
    }
    folder = {"data_folder": PROJECT_ROOT / ".local" / "compose"}
    return ShippedSettings.load(**{**asked, **folder, **given})
