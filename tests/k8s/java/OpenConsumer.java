import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Does the connector's own Kafka client take these properties?
 *
 * <p>Argument: a file of lines {@code name<TAB>value}. Making the client reads the password's file,
 * logs in to the mechanism and loads the certificates; it connects to nobody. Prints the login that the
 * client has put together.
 */
public final class OpenConsumer {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] pair = line.split("\t", 2);
            properties.setProperty(pair[0], pair[1]);
        }
        properties.setProperty("key.deserializer", ByteArrayDeserializer.class.getName());
        properties.setProperty("value.deserializer", ByteArrayDeserializer.class.getName());
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
            System.out.println(
                    new ConsumerConfig(properties).getPassword("sasl.jaas.config").value());
        }
    }
}
