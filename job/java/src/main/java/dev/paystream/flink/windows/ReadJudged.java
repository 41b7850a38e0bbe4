package dev.paystream.flink.windows;

import java.util.List;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectReader;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Reads what the card function says of a judged swipe, once for each window that counts it.
 *
 * <p>The array is {@code JudgedSwipe} of job/contracts/windows.py. One that cannot be read is a
 * fault of the job and not of a record, so it fails the task.
 *
 * <p>An operator and not a function, because PyFlink's side outputs lose their timestamps: it gives
 * them back, and lets the watermarks pass, which a timestamp assigner would not.
 */
final class ReadJudged extends AbstractStreamOperator<CountedSwipe>
        implements OneInputStreamOperator<byte[], CountedSwipe> {

    private static final long serialVersionUID = 1L;

    private final List<WindowKind> kinds;
    private transient ObjectReader reader;

    ReadJudged(List<WindowKind> kinds) {
        this.kinds = List.copyOf(kinds);
    }

    @Override
    public void open() throws Exception {
        super.open();
        reader = new ObjectMapper().readerFor(Object[].class);
    }

    @Override
    public void processElement(StreamRecord<byte[]> judged) throws Exception {
        Object[] fields = reader.readValue(judged.getValue());
        for (WindowKind kind : kinds) {
            CountedSwipe swipe = new CountedSwipe();
            swipe.windowKey = kind.keyOf((String) fields[entityField(kind)]);
            swipe.swipeId = (String) fields[0];
            swipe.eventTimeMs = ((Number) fields[4]).longValue();
            swipe.currency = (String) fields[5];
            swipe.spentMinor = ((Number) fields[6]).longValue();
            swipe.declined = (Boolean) fields[7];
            output.collect(new StreamRecord<>(swipe, swipe.eventTimeMs));
        }
    }

    private static int entityField(WindowKind kind) {
        switch (kind) {
            case MERCHANT_MINUTE:
                return 2;
            case BIN_MINUTE:
                return 3;
            default:
                return 1;
        }
    }
}
