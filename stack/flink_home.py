"""What is a Flink installation of our own made of, without a change to the pip package?

The pip package brings ``bin/``, ``lib/`` and ``opt/``. A folder of links beside it adds the
Kafka connector and the Python jar to ``lib/``; configuration and logs lie beside that. Flink's
own scripts are told by environment variables where these are.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from pathlib import Path

from stack.java import C1_ALONE, jit_options, jvm_environment
from stack.process import StackError, write_whole
from stack.settings import HOST, Jit, StackSettings

#: REST answers of the JobManager may be so old, ms.
REST_AGE_MS = 100
#: So long REST waits for a process of Flink; a submission may take some seconds.
REST_TIMEOUT_MS = 20_000
#: Below which a cluster keeps everything in ZooKeeper.
ZOOKEEPER_PATH = "/flink/paystream"
_PYTHON_JAR = "flink-python-*.jar"
#: Folders of jars that the job needs in ``lib/``: the Kafka connector, and its own.
_ADDED_JARS = ("flink-connector", "job")
#: Folder of the jar that is Flink's plugin for S3.
_S3_JARS = "flink-s3"
#: Folder of the jar that binds the reporter of metrics to one address, and the plugin that it is
#: put beside.
_METRICS_JARS = "stack"
_METRICS_PLUGIN = "metrics-prometheus"
#: Key of the options of the TaskManagers' JVMs.
TASKMANAGER_JVM = "env.java.opts.taskmanager"
#: Prefix of the keys of the reporter that Prometheus asks.
REPORTER = "metrics.reporter.prom"
#: What RocksDB tells of itself; each is off by default.
_ROCKSDB_METRICS = (
    "estimate-num-keys",
    "total-sst-files-size",
    "cur-size-all-mem-tables",
    "block-cache-usage",
    "num-running-compactions",
    "num-running-flushes",
    "compaction-pending",
    "actual-delayed-write-rate",
    "is-write-stopped",
)

#: Everything goes to standard output, which is the service's log file. Checkpoints come ten
#: times a second and would write most of the log.
LOG4J_CONSOLE = """\
status = error
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n
logger.checkpoint.name = org.apache.flink.runtime.checkpoint
logger.checkpoint.level = WARN
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.kafka_sink.name = org.apache.flink.connector.kafka.sink
logger.kafka_sink.level = WARN
logger.netty.name = org.jboss.netty.channel.DefaultChannelPipeline
logger.netty.level = OFF
logger.spans.name = org.apache.flink.traces.slf4j
logger.spans.level = INFO
logger.spans.filter.starts.type = RegexFilter
logger.spans.filter.starts.regex = .*name=JobInitialization.*
logger.spans.filter.starts.onMatch = ACCEPT
logger.spans.filter.starts.onMismatch = DENY
"""
#: Of the command line: warnings only, apart from what it prints itself.
LOG4J_CLI = """\
status = error
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %-5p %c{1} - %m%n
"""


def package_folder() -> Path:
    """Folder of the installed pip package, found without importing it (that takes seconds)."""
    spec = importlib.util.find_spec("pyflink")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("PyFlink is not installed in this environment; run `make install`")
    return Path(spec.submodule_search_locations[0])


def java_options() -> str:
    """The JVM options that Flink ships for the JDK's module system."""
    shipped = (package_folder() / "conf" / "config.yaml").read_text()
    found = re.search(r"^\s+all: (--add-\S.*)$", shipped, flags=re.MULTILINE)
    if found is None:
        raise StackError("the installed Flink has no env.java.opts.all in its conf/config.yaml")
    return found.group(1).strip()


def configuration(settings: StackSettings) -> dict[str, str]:
    """The cluster's ``config.yaml``, key by key.

    Parameters
    ----------
    settings
        Ports, sizes, folders.
    """
    return {
        **_network(settings),
        **_resources(settings),
        **_state(settings),
        **_scheduler(settings),
        **_recovery(settings),
        **_high_availability(settings),
        **_object_store(settings),
        **_python(settings),
        **_metrics(settings),
        "env.java.opts.all": java_options(),
        # Said, not left to the JVM, which takes the serial collector on a small machine.
        TASKMANAGER_JVM: " ".join(("-XX:+UseG1GC", *jit_options(settings.jit))),
        "env.java.opts.jobmanager": f"-XX:+UseG1GC {C1_ALONE}",
        # The default of 100 ms is the whole latency budget of a decision.
        "execution.buffer-timeout.interval": "1 ms",
        # Read once a second, so that a run sees its own counters.
        "metrics.fetcher.update-interval": "1000",
        # REST answers are as old as this; the default of 3 s hides when a checkpoint completed or a
        # job ran again.
        "web.refresh-interval": str(REST_AGE_MS),
        # REST's metrics stand still until each TaskManager that was asked has answered: one that
        # died meanwhile would be waited for by the default of ten minutes.
        "web.timeout": f"{REST_TIMEOUT_MS} ms",
        # At ten checkpoints a second the default of ten is gone between two looks.
        "web.checkpoints.history": "200",
        # How long the parts of a restart took is told nowhere else (`stack/initialization.py`).
        "traces.reporters": "log",
        "traces.reporter.log.factory.class": (
            "org.apache.flink.traces.slf4j.Slf4jTraceReporterFactory"
        ),
    }


def _network(settings: StackSettings) -> dict[str, str]:
    return {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": str(settings.flink_rpc_port),
        "jobmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": str(settings.flink_rest_port),
        "rest.bind-port": str(settings.flink_rest_port),
    }


def _resources(settings: StackSettings) -> dict[str, str]:
    work = settings.flink_folder / "work"
    return {
        "jobmanager.memory.process.size": f"{settings.jobmanager_memory_mb}m",
        "taskmanager.memory.process.size": f"{settings.taskmanager_memory_mb}m",
        # One GIL a process: a second slot would only wait for the first.
        "taskmanager.numberOfTaskSlots": "1",
        # 30% is kept for Python's own processes unless said otherwise; thread mode has none.
        "taskmanager.memory.managed.consumer-weights": "OPERATOR:30,STATE_BACKEND:70,PYTHON:0",
        "io.tmp.dirs": str(settings.flink_folder / "tmp"),
        "web.tmpdir": str(settings.flink_folder / "tmp"),
        "process.jobmanager.working-dir": str(work / "jobmanager"),
    }


def _state(settings: StackSettings) -> dict[str, str]:
    keys = {
        "state.backend.type": settings.state_backend,
        "state.backend.rocksdb.use-bloom-filter": "true",
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.dir": settings.checkpoint_uri,
        "execution.checkpointing.savepoint-dir": settings.savepoint_uri,
    }
    if settings.local_recovery:
        keys["execution.checkpointing.local-backup.enabled"] = "true"
        keys["execution.state-recovery.from-local"] = "true"
    if settings.checkpoint_interval_ms is not None:
        keys["execution.checkpointing.interval"] = f"{settings.checkpoint_interval_ms} ms"
    return keys


def _scheduler(settings: StackSettings) -> dict[str, str]:
    if not settings.adaptive_scheduler:
        return {}
    adaptive = "jobmanager.adaptive-scheduler"
    return {
        "jobmanager.scheduler": "adaptive",
        # The defaults (30 s, 60 s, 10 s) wait for TaskManagers that are still to come. Here each
        # has registered before a job is submitted, and who asks for another parallelism has
        # waited for his own reasons.
        f"{adaptive}.executing.cooldown-after-rescaling": "5 s",
        f"{adaptive}.executing.resource-stabilization-timeout": "1 s",
        f"{adaptive}.submission.resource-stabilization-timeout": "1 s",
    }


def _recovery(settings: StackSettings) -> dict[str, str]:
    return {
        "heartbeat.interval": str(settings.heartbeat_interval_ms),
        "heartbeat.timeout": str(settings.heartbeat_timeout_ms),
        "heartbeat.rpc-failure-threshold": "1",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.delay": f"{settings.restart_delay_ms} ms",
        # A machine that is away for minutes costs one attempt, but a fault may hit many times.
        "restart-strategy.fixed-delay.attempts": "1000",
        # A TaskManager that is away comes back: wait for it, do not fail and restart ten times a
        # second until it does.
        "resourcemanager.standalone.start-up-time": "86400000",
        # With its slot a TaskManager gives up its copy of the state. After a JobManager's death the
        # slot waits for the next one; with 10 GB of state that took 17 s, and the default is 10.
        "taskmanager.slot.timeout": "120 s",
        "cluster.registration.initial-timeout": "100",
        "cluster.registration.max-timeout": "2000",
        "cluster.registration.error-delay": "500",
        "cluster.registration.refused-registration-delay": "1000",
    }


def _high_availability(settings: StackSettings) -> dict[str, str]:
    if not settings.high_availability:
        return {}
    root, _, cluster_id = ZOOKEEPER_PATH.rpartition("/")
    client = "high-availability.zookeeper.client"
    return {
        "high-availability.type": "zookeeper",
        "high-availability.zookeeper.quorum": settings.zookeeper_address,
        "high-availability.zookeeper.path.root": root,
        "high-availability.cluster-id": f"/{cluster_id}",
        "high-availability.storageDir": settings.high_availability_uri,
        f"{client}.session-timeout": f"{settings.zookeeper_session_ms} ms",
        # Below the session, or Flink would wait longer for a connection than it may be away.
        f"{client}.connection-timeout": f"{settings.zookeeper_session_ms * 3 // 4} ms",
        f"{client}.retry-wait": "200 ms",
        f"{client}.max-retry-attempts": "20",
        # A ZooKeeper that comes back within the session changes nothing.
        f"{client}.tolerate-suspended-connections": "true",
        # Nobody logs in; trying to would be a line in the log for each connection.
        "zookeeper.sasl.disable": "true",
    }


def _object_store(settings: StackSettings) -> dict[str, str]:
    if not settings.object_store:
        return {}
    return {
        "s3.endpoint": settings.object_store_url,
        "s3.path-style-access": "true",
        # Said, or the client asks the network in which region it runs.
        "s3.region": "us-east-1",
        # The store knows no users and refuses whoever signs.
        "fs.s3.aws.credentials.provider": "AnonymousCredentialsProvider",
    }


def _python(settings: StackSettings) -> dict[str, str]:
    return {
        "python.executable": str(settings.python),
        "python.client.executable": str(settings.python),
        # Lower case exactly: any other spelling is silently the slow process mode.
        "python.execution-mode": "thread",
        # With the Python jar in lib/, this lets a job restart in the same JVM: the native
        # library of pemja can be loaded by one class loader only.
        "classloader.parent-first-patterns.additional": "pemja.",
    }


def _metrics(settings: StackSettings) -> dict[str, str]:
    if not settings.monitoring:
        return {}
    return {
        "metrics.reporters": "prom",
        # Flink's own listens on all addresses and has no setting for that.
        f"{REPORTER}.factory.class": (
            "org.apache.flink.metrics.prometheus.BoundPrometheusReporterFactory"
        ),
        f"{REPORTER}.host": HOST,
        **rocksdb_metrics(),
    }


def rocksdb_metrics() -> dict[str, str]:
    """Keys by which RocksDB tells what the boards show."""
    return {
        **{f"state.backend.rocksdb.metrics.{name}": "true" for name in _ROCKSDB_METRICS},
        # The state's name as a label, not in the metric's name.
        "state.backend.rocksdb.metrics.column-family-as-variable": "true",
    }


def configuration_text(settings: StackSettings) -> str:
    """The cluster's ``config.yaml`` as text."""
    # A YAML string in double quotes: colons and commas in values need no thought.
    return "".join(f'{key}: "{value}"\n' for key, value in configuration(settings).items())


def written_jit(settings: StackSettings) -> Jit | None:
    """How the TaskManagers of this folder compile, whatever the settings say; None: never begun."""
    try:
        written = (settings.flink_folder / "conf" / "config.yaml").read_text()
    except OSError:
        return None
    options = re.search(rf'^{re.escape(TASKMANAGER_JVM)}: "(.*)"$', written, flags=re.MULTILINE)
    if options is None:
        return None
    return "quick" if set(jit_options("quick")) <= set(options[1].split()) else "full"


def environment(settings: StackSettings) -> dict[str, str]:
    """Variables by which Flink's scripts find the folders of this installation."""
    folder = settings.flink_folder
    inherited = jvm_environment()
    path = os.pathsep.join([str(settings.python.parent), inherited.get("PATH", os.defpath)])
    return {
        **inherited,
        # Thread mode asks the first `python` on PATH where pemja is.
        "PATH": path,
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_LIB_DIR": str(folder / "lib"),
        "FLINK_OPT_DIR": str(package_folder() / "opt"),
        "FLINK_PLUGINS_DIR": str(folder / "plugins"),
        "FLINK_LOG_DIR": str(folder / "log"),
        "FLINK_PID_DIR": str(folder / "pid"),
        "FLINK_IDENT_STRING": "paystream",
    }


def prepare(settings: StackSettings) -> None:
    """Write configuration and links; what is already right is left alone."""
    folder = settings.flink_folder
    for name in ("conf", "log", "pid", "tmp", "checkpoints", "savepoints"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_whole(folder / "conf" / "config.yaml", configuration_text(settings).encode())
    write_whole(folder / "conf" / "log4j-console.properties", LOG4J_CONSOLE.encode())
    write_whole(folder / "conf" / "log4j-cli.properties", LOG4J_CLI.encode())
    _link_all(folder / "lib", {jar.name: jar for jar in _library_jars(settings)})
    if settings.monitoring:
        _link_all(_metrics_plugin(settings), _metrics_jars(settings))
    _link_all(folder / "plugins", _plugins(settings))


def _library_jars(settings: StackSettings) -> list[Path]:
    added = [jar for name in _ADDED_JARS for jar in _jars(settings, name)]
    python_jars = sorted((package_folder() / "opt").glob(_PYTHON_JAR))
    return [*sorted((package_folder() / "lib").glob("*.jar")), *python_jars, *added]


def _plugins(settings: StackSettings) -> dict[str, Path]:
    shipped = (package_folder() / "plugins").iterdir()
    found = {folder.name: folder for folder in shipped if folder.is_dir()}
    if settings.object_store:
        found["s3-native"] = _jars(settings, _S3_JARS)[0].parent
    if settings.monitoring:
        found[_METRICS_PLUGIN] = _metrics_plugin(settings)
    return found


def _metrics_plugin(settings: StackSettings) -> Path:
    return settings.flink_folder / _METRICS_PLUGIN


def _metrics_jars(settings: StackSettings) -> dict[str, Path]:
    """Flink's reporter and what binds it to one address: a plugin is one folder."""
    shipped = (package_folder() / "plugins" / _METRICS_PLUGIN).glob("*.jar")
    return {jar.name: jar for jar in (*shipped, *_jars(settings, _METRICS_JARS))}


def _jars(settings: StackSettings, name: str) -> list[Path]:
    found = sorted((settings.jars_folder / name).glob("*.jar"))
    if not found:
        raise StackError(f"no jar in {settings.jars_folder / name}; run `make install`")
    return found


def _link_all(folder: Path, wanted: dict[str, Path]) -> None:
    wanted = dict(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    for present in folder.iterdir():
        if present.is_symlink() and present.readlink() == wanted.get(present.name):
            del wanted[present.name]
        elif present.is_dir() and not present.is_symlink():
            shutil.rmtree(present)
        else:
            present.unlink()
    for name, target in wanted.items():
        (folder / name).symlink_to(target)
