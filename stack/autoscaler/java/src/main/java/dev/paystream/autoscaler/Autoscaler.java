package dev.paystream.autoscaler;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.autoscaler.JobAutoScaler;
import org.apache.flink.autoscaler.JobAutoScalerContext;
import org.apache.flink.autoscaler.JobAutoScalerImpl;
import org.apache.flink.autoscaler.RestApiMetricsCollector;
import org.apache.flink.autoscaler.ScalingExecutor;
import org.apache.flink.autoscaler.state.InMemoryAutoScalerStateStore;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/**
 * How is one job of a cluster scaled by the Kubernetes operator's own autoscaler, without
 * Kubernetes?
 *
 * <p>The operator's library looks at the job by REST and decides; {@link ResourceRequirements}
 * carries out by REST what it decided. Everything that happens is a line of JSON on standard
 * output. Ends when the job has ended.
 *
 * <p>{@code Autoscaler <REST address> <job id> <ms between looks> [key=value ...]}
 */
public final class Autoscaler {

    private Autoscaler() {}

    /** Look and scale until the job has ended. */
    public static void main(String[] words) throws Exception {
        if (words.length < 3) {
            System.err.println("usage: Autoscaler REST_ADDRESS JOB_ID INTERVAL_MS [key=value ...]");
            System.exit(2);
        }
        var jobId = JobID.fromHexString(words[1]);
        long intervalMs = Long.parseLong(words[2]);
        var settings = settings(words);
        var events = new JsonEvents(System.out);
        var client = new LastingClient(words[0]);
        try {
            events.started(settings);
            loop(client, jobId, intervalMs, Configuration.fromMap(settings), events);
        } finally {
            client.end();
        }
    }

    private static Map<String, String> settings(String[] words) {
        var settings = new TreeMap<String, String>();
        for (int each = 3; each < words.length; each++) {
            var parts = words[each].split("=", 2);
            if (parts.length != 2) {
                throw new IllegalArgumentException(words[each] + " is not key=value");
            }
            settings.put(parts[0], parts[1]);
        }
        return settings;
    }

    private static void loop(
            LastingClient client,
            JobID jobId,
            long intervalMs,
            Configuration settings,
            JsonEvents events)
            throws InterruptedException {
        var autoscaler = autoscaler(client, events);
        while (true) {
            try {
                JobStatus status = client.getJobStatus(jobId).get();
                if (status.isGloballyTerminalState()) {
                    return;
                }
                // Anew each time: the library notes in the settings what it leaves out this once.
                var context =
                        new JobAutoScalerContext<>(
                                jobId,
                                jobId,
                                status,
                                new Configuration(settings),
                                new UnregisteredMetricsGroup(),
                                () -> client);
                autoscaler.scale(context);
            } catch (InterruptedException interrupted) {
                throw interrupted;
            } catch (Exception problem) {
                // A JobManager that is away comes back, and the job with it.
                events.failed("JobUnknown", problem);
            }
            Thread.sleep(intervalMs);
        }
    }

    private static JobAutoScaler<JobID, JobAutoScalerContext<JobID>> autoscaler(
            LastingClient client, JsonEvents events) {
        var memory = new InMemoryAutoScalerStateStore<JobID, JobAutoScalerContext<JobID>>();
        return new JobAutoScalerImpl<>(
                new RestApiMetricsCollector<>(),
                new ToldEvaluator(events),
                new ScalingExecutor<>(events, memory),
                events,
                new ResourceRequirements(client, events),
                memory);
    }
}
