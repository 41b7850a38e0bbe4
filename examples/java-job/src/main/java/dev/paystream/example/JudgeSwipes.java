package dev.paystream.example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Which decision does each record of {@code swipes} get, if it is a swipe at all? */
final class JudgeSwipes implements Processor<byte[], byte[], String, byte[]> {
    private static final int VERSION = 1;
    private static final double BLOCK_AT = 0.9;
    private static final double REVIEW_AT = 0.5;
    private static final ObjectMapper JSON = new ObjectMapper();

    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> cards;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        this.cards = context.getStateStore(FraudJob.CARDS);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        Swipe swipe = read(record.value());
        if (swipe == null) {
            return; // a clock record, or one that keeps no contract: it is owed no decision
        }
        CardState card = load(swipe.cardToken());
        // The same id again is answered as a repeat, and judged once. (Whether its content is the
        // same too, this example does not look.)
        boolean repeat = card.knows(swipe.swipeId());
        List<Finding> findings = repeat ? List.of() : Rules.findings(swipe, card);
        double score = findings.stream().mapToDouble(Finding::score).max().orElse(0.0);
        RecordMetadata place = context.recordMetadata().orElseThrow();
        context.forward(
                new Record<>(
                        swipe.cardToken(),
                        decision(swipe, findings, score, repeat ? "repeat" : "judged", place),
                        record.timestamp()),
                "decisions");
        if (score >= REVIEW_AT) {
            byte[] alert = alert(swipe, findings, score);
            context.forward(new Record<>(swipe.cardToken(), alert, record.timestamp()), "alerts");
        }
        if (!repeat) {
            card.remember(swipe);
            cards.put(swipe.cardToken(), written(card));
        }
    }

    private static Swipe read(byte[] value) {
        try {
            return value == null ? null : Swipe.of(JSON.readTree(value));
        } catch (IOException malformed) {
            return null;
        }
    }

    private CardState load(String cardToken) {
        byte[] stored = cards.get(cardToken);
        try {
            return stored == null ? new CardState() : JSON.readValue(stored, CardState.class);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static byte[] decision(
            Swipe swipe, List<Finding> findings, double score, String fate, RecordMetadata place) {
        ObjectNode decision = JSON.createObjectNode();
        decision.put("v", VERSION);
        decision.put("swipe_id", swipe.swipeId());
        decision.put("card_token", swipe.cardToken());
        decision.put("event_time_ms", swipe.eventTimeMs());
        decision.put("fate", fate);
        decision.put("score", score);
        decision.put("action", action(score));
        decision.put("partition", place.partition());
        decision.put("offset", place.offset());
        if (!findings.isEmpty()) {
            ArrayNode rules = decision.putArray("rules");
            findings.forEach(finding -> rules.add(finding.rule()));
        }
        return written(decision);
    }

    private static byte[] alert(Swipe swipe, List<Finding> findings, double score) {
        ObjectNode alert = JSON.createObjectNode();
        alert.put("v", VERSION);
        alert.put("alert_id", "card:" + swipe.swipeId());
        alert.put("entity_type", "card");
        alert.put("entity_id", swipe.cardToken());
        alert.put("swipe_id", swipe.swipeId());
        alert.put("event_time_ms", swipe.eventTimeMs());
        alert.put("score", score);
        alert.put("action", action(score));
        ArrayNode explained = alert.putArray("findings");
        for (Finding finding : findings) {
            JsonNode written = finding.toJson(JSON);
            explained.add(written);
        }
        return written(alert);
    }

    private static String action(double score) {
        return score >= BLOCK_AT ? "block" : score >= REVIEW_AT ? "review" : "clear";
    }

    private static byte[] written(Object value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
