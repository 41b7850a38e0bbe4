package dev.paystream.flink.windows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.OutputTag;

/**
 * How do event-time windows hang behind the swipes that were judged?
 *
 * <pre>
 * judged -> read, once a kind -> minutes (merchant, BIN, card) -> results, or the card's hour
 *                             -> sessions (card)               -> results
 *                                      | came after the window had closed -> drops
 * </pre>
 *
 * <p>One operator holds the minutes of all kinds: each operator with state has a RocksDB of its
 * own, which every checkpoint flushes.
 */
public final class EventTimeWindows {

    static final int CONTRACT_VERSION = 1;
    static final Duration MINUTE = Duration.ofMinutes(1);
    static final Duration SESSION_GAP = Duration.ofMinutes(30);

    private static final TypeInformation<Tuple3<String, String, byte[]>> OUTPUT =
            Types.TUPLE(Types.STRING, Types.STRING, Types.PRIMITIVE_ARRAY(Types.BYTE));
    private static final OutputTag<CountedSwipe> LATE =
            new OutputTag<>("late", TypeInformation.of(CountedSwipe.class));

    private EventTimeWindows() {}

    /**
     * Count judged swipes in windows.
     *
     * @param judged what the card function says of each, with event time and watermarks
     * @param topicByKind which kinds to count, by contract name, and where their results go
     * @param dropsTopic where swipes go that came after their window had closed
     * @return topic, key and value of each record to write
     */
    public static DataStream<Tuple3<String, String, byte[]>> attach(
            DataStream<byte[]> judged, Map<String, String> topicByKind, String dropsTopic) {
        EnumMap<WindowKind, String> topics = new EnumMap<>(WindowKind.class);
        topicByKind.forEach((name, topic) -> topics.put(WindowKind.named(name), topic));
        SingleOutputStreamOperator<CountedSwipe> swipes =
                judged.transform(
                                "read judged swipes",
                                TypeInformation.of(CountedSwipe.class),
                                new ReadJudged(List.copyOf(topics.keySet())))
                        .uid("windows-read-judged");
        List<DataStream<Tuple3<String, String, byte[]>>> outputs = new ArrayList<>();
        EnumMap<WindowKind, String> minuteTopics = new EnumMap<>(topics);
        boolean sessions = minuteTopics.remove(WindowKind.CARD_SESSION) != null;
        boolean minutesToo = !minuteTopics.isEmpty();
        if (minutesToo) {
            SingleOutputStreamOperator<ClosedWindow> minutes =
                    windows(
                            of(swipes, false, sessions),
                            TumblingEventTimeWindows.of(MINUTE),
                            "minutes");
            outputs.add(drops(minutes, "minutes", dropsTopic));
            boolean hours = minuteTopics.remove(WindowKind.CARD_HOUR) != null;
            if (!minuteTopics.isEmpty()) {
                outputs.add(results(ofCards(minutes, false, hours), "minutes", topics));
            }
            if (hours) {
                boolean mixed = !minuteTopics.isEmpty();
                outputs.add(results(hours(ofCards(minutes, true, mixed)), "hours", topics));
            }
        }
        if (sessions) {
            SingleOutputStreamOperator<ClosedWindow> closed =
                    windows(
                            of(swipes, true, minutesToo),
                            EventTimeSessionWindows.withGap(SESSION_GAP),
                            "sessions");
            outputs.add(drops(closed, "sessions", dropsTopic));
            outputs.add(results(closed, "sessions", topics));
        }
        DataStream<Tuple3<String, String, byte[]>> all = outputs.remove(0);
        for (DataStream<Tuple3<String, String, byte[]>> each : outputs) {
            all = all.union(each);
        }
        return all;
    }

    private static DataStream<CountedSwipe> of(
            DataStream<CountedSwipe> swipes, boolean sessions, boolean mixed) {
        if (!mixed) {
            return swipes;
        }
        return swipes.filter(
                        swipe ->
                                sessions
                                        == (WindowKind.of(swipe.windowKey)
                                                == WindowKind.CARD_SESSION))
                .name(sessions ? "of sessions" : "of minutes")
                .uid(sessions ? "windows-of-sessions" : "windows-of-minutes");
    }

    private static SingleOutputStreamOperator<ClosedWindow> windows(
            DataStream<CountedSwipe> swipes,
            WindowAssigner<Object, TimeWindow> assigner,
            String name) {
        KeySelector<CountedSwipe, String> byKey = swipe -> swipe.windowKey;
        return swipes.keyBy(byKey, Types.STRING)
                .window(assigner)
                .sideOutputLateData(LATE)
                .aggregate(
                        new SumSwipes(),
                        new NameWindow(),
                        TypeInformation.of(WindowSums.class),
                        TypeInformation.of(ClosedWindow.class))
                .name("count " + name)
                .uid("windows-" + name);
    }

    /** In the same task as the minutes: their key is the same, so nothing is sent around again. */
    private static SingleOutputStreamOperator<ClosedWindow> hours(DataStream<ClosedWindow> minutes) {
        KeySelector<ClosedWindow, String> byKey = closed -> closed.windowKey;
        return DataStreamUtils.reinterpretAsKeyedStream(minutes, byKey, Types.STRING)
                .process(new HourOfMinutes())
                .returns(ClosedWindow.class)
                .name("count hours")
                .uid("windows-hours");
    }

    private static DataStream<ClosedWindow> ofCards(
            DataStream<ClosedWindow> minutes, boolean cards, boolean mixed) {
        if (!mixed) {
            return minutes;
        }
        return minutes.filter(
                        closed ->
                                cards == (WindowKind.of(closed.windowKey) == WindowKind.CARD_HOUR))
                .name(cards ? "minutes of cards" : "minutes of merchants and BINs")
                .uid(cards ? "windows-minutes-of-cards" : "windows-minutes-of-others");
    }

    private static DataStream<Tuple3<String, String, byte[]>> results(
            DataStream<ClosedWindow> closed, String name, EnumMap<WindowKind, String> topics) {
        return closed.flatMap(new RenderResult(topics))
                .returns(OUTPUT)
                .name("write " + name)
                .uid("windows-write-" + name);
    }

    private static DataStream<Tuple3<String, String, byte[]>> drops(
            SingleOutputStreamOperator<ClosedWindow> windows, String name, String topic) {
        return windows.getSideOutput(LATE)
                .process(new RenderDrop(topic, MINUTE, SESSION_GAP))
                .returns(OUTPUT)
                .name("write drops of " + name)
                .uid("windows-write-drops-" + name);
    }
}
