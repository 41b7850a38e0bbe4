package dev.paystream.example;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.Stores;

/**
 * How does a job outside this project read {@code swipes} and write {@code decisions} and {@code
 * alerts}, each once?
 *
 * <p>Arguments: the Kafka address, the prefix of the topics (may be empty), and optionally the
 * folder for local state.
 */
public final class FraudJob {
    static final String CARDS = "cards";
    static final String PROFILES = "card-profiles";

    private FraudJob() {}

    /** Names the nodes: source, judge with its store, and a sink for each output. */
    static Topology topology(String prefix, boolean warmStart) {
        Topology topology = new Topology();
        topology.addSource(
                "swipes",
                Serdes.ByteArray().deserializer(),
                Serdes.ByteArray().deserializer(),
                prefix + "swipes");
        topology.addProcessor("judge", JudgeSwipes::new, "swipes");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(CARDS), Serdes.String(), Serdes.ByteArray()),
                "judge");
        if (warmStart) {
            topology.addSource(
                    "card-profiles",
                    Serdes.ByteArray().deserializer(),
                    Serdes.ByteArray().deserializer(),
                    prefix + PROFILES);
            topology.addProcessor("remember", ReadProfiles::new, "card-profiles");
            topology.connectProcessorAndStateStores("remember", CARDS);
        }
        for (String output : new String[] {"decisions", "alerts"}) {
            topology.addSink(
                    output,
                    prefix + output,
                    Serdes.String().serializer(),
                    Serdes.ByteArray().serializer(),
                    "judge");
        }
        return topology;
    }

    /** What makes it exactly-once, and quick enough to be judged live. */
    static Properties settings(String bootstrap, String prefix, Path stateFolder) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        // Also the consumer group, which `--group` names for the workbench.
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, prefix + "java-job");
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder.toString());
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // A committed decision waits for its transaction: the same 100 ms as the default, stated.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(
                StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
        return settings;
    }

    /** Whether there are profiles, so that cards are known before their first swipe. */
    private static boolean hasProfiles(String bootstrap, String prefix) throws Exception {
        Map<String, Object> reach = Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        try (Admin admin = Admin.create(reach)) {
            return admin.listTopics().names().get().contains(prefix + PROFILES);
        }
    }

    /** Runs until it is told to end. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 2) {
            System.err.println("usage: java -jar paystream-java-job.jar BOOTSTRAP PREFIX [STATE]");
            System.exit(2);
        }
        String state = arguments.length > 2 ? arguments[2] : "state";
        Properties settings = settings(arguments[0], arguments[1], Path.of(state));
        boolean warmStart = hasProfiles(arguments[0], arguments[1]);
        KafkaStreams streams = new KafkaStreams(topology(arguments[1], warmStart), settings);
        CountDownLatch ended = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(
                error -> {
                    error.printStackTrace();
                    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
                });
        streams.setStateListener(
                (now, before) -> {
                    System.out.println("state " + now);
                    if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
                        ended.countDown();
                    }
                });
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
        ended.await();
        if (streams.state() == KafkaStreams.State.ERROR) {
            System.exit(1);
        }
    }
}
