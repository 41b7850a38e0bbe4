package dev.paystream.example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What is known of a card before its first swipe?
 *
 * <p>{@code card-profiles} needs as many partitions as {@code swipes}: a card's profile must come to
 * the task that judges the card.
 */
final class ReadProfiles implements Processor<byte[], byte[], String, byte[]> {
    private static final ObjectMapper JSON = new ObjectMapper();

    private KeyValueStore<String, byte[]> cards;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.cards = context.getStateStore(FraudJob.CARDS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        try {
            JsonNode profile = record.value() == null ? null : JSON.readTree(record.value());
            String cardToken = profile == null ? "" : profile.path("card_token").asText("");
            if (cardToken.isEmpty() || cards.get(cardToken) != null) {
                return; // what was seen of the card itself is newer
            }
            CardState card = new CardState();
            for (JsonNode swipe : profile.path("recent")) {
                Swipe known = Swipe.of(swipe);
                if (known != null) {
                    card.remember(known);
                }
            }
            cards.put(cardToken, JSON.writeValueAsBytes(card));
        } catch (IOException malformed) {
            // Without its profile a card starts cold, as an unknown one does.
        }
    }
}
