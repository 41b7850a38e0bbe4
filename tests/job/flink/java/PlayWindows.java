import dev.paystream.flink.windows.EventTimeWindows;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.functions.source.legacy.SourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;

/**
 * What do the event-time windows write for a script, on a Flink inside this process?
 *
 * <p>Arguments: a file of lines, then kinds. A line is {@code swipe} and a judged swipe's array,
 * {@code watermark} and milliseconds, or {@code fail}: the job fails as soon as a checkpoint covers
 * all lines before, and comes back from it. Prints a line for each output: topic, a tab, JSON.
 */
public final class PlayWindows {

    public static void main(String[] arguments) throws Exception {
        Configuration settings = new Configuration();
        settings.setString("execution.checkpointing.interval", "50 ms");
        settings.setString("restart-strategy.type", "fixed-delay");
        settings.setString("restart-strategy.fixed-delay.attempts", "9");
        settings.setString("restart-strategy.fixed-delay.delay", "0 ms");
        settings.setString("state.backend.type", "rocksdb");
        settings.setString("pipeline.object-reuse", "true");
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        List<String> script = Files.readAllLines(Path.of(arguments[0]));
        DataStream<byte[]> judged = env.addSource(new Script(script)).uid("script");
        Map<String, String> topicByKind = new HashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            topicByKind.put(arguments[i], arguments[i]);
        }
        EventTimeWindows.attach(judged, topicByKind, "drops")
                .map(PlayWindows::printed)
                .returns(Types.STRING)
                .sinkTo(new DiscardingSink<>());
        env.execute();
    }

    private static String printed(Tuple3<String, String, byte[]> output) {
        String line = output.f0 + "\t" + new String(output.f2, StandardCharsets.UTF_8);
        System.out.println(line);
        return line;
    }

    /** Plays the lines; its state is how many it has played. */
    private static final class Script
            implements SourceFunction<byte[]>, CheckpointedFunction, CheckpointListener {

        private static final long serialVersionUID = 1L;

        private final ArrayList<String> lines;
        private final Map<Long, Integer> playedByCheckpoint = new HashMap<>();
        private int played;
        private int covered;
        private volatile boolean running = true;
        private transient ListState<Integer> state;

        Script(List<String> lines) {
            this.lines = new ArrayList<>(lines);
        }

        @Override
        public void run(SourceContext<byte[]> context) throws Exception {
            while (running && played < lines.size()) {
                String[] line = lines.get(played).split(" ", 2);
                synchronized (context.getCheckpointLock()) {
                    played += 1;
                    if (line[0].equals("swipe")) {
                        context.collect(line[1].getBytes(StandardCharsets.UTF_8));
                    } else if (line[0].equals("watermark")) {
                        context.emitWatermark(new Watermark(Long.parseLong(line[1])));
                    }
                }
                if (line[0].equals("fail")) {
                    await(context.getCheckpointLock());
                }
            }
        }

        private void await(Object lock) throws Exception {
            while (running) {
                synchronized (lock) {
                    if (covered == played) {
                        throw new IllegalStateException("the script says to fail");
                    }
                }
                Thread.sleep(5);
            }
        }

        @Override
        public void cancel() {
            running = false;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            playedByCheckpoint.put(context.getCheckpointId(), played);
            state.update(List.of(played));
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            state =
                    context.getOperatorStateStore()
                            .getListState(new ListStateDescriptor<>("played", Types.INT));
            for (int restored : state.get()) {
                played = restored;
            }
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            covered = playedByCheckpoint.getOrDefault(checkpointId, 0);
        }
    }
}
