package dev.paystream.autoscaler;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.autoscaler.JobAutoScalerContext;
import org.apache.flink.autoscaler.realizer.ScalingRealizer;
import org.apache.flink.autoscaler.tuning.ConfigChanges;
import org.apache.flink.runtime.jobgraph.JobResourceRequirements;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.jobgraph.JobVertexResourceRequirements;
import org.apache.flink.runtime.jobgraph.JobVertexResourceRequirements.Parallelism;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.JobMessageParameters;
import org.apache.flink.runtime.rest.messages.job.JobResourceRequirementsBody;
import org.apache.flink.runtime.rest.messages.job.JobResourceRequirementsHeaders;
import org.apache.flink.runtime.rest.messages.job.JobResourcesRequirementsUpdateHeaders;

/**
 * How does the running job get the parallelism that was decided?
 *
 * <p>By {@code PUT /jobs/:jobid/resource-requirements}, which the adaptive scheduler follows: it
 * stops the tasks and starts them again from the last checkpoint, in the same job.
 */
final class ResourceRequirements
        implements ScalingRealizer<JobID, JobAutoScalerContext<JobID>> {

    private final LastingClient client;
    private final JsonEvents events;

    ResourceRequirements(LastingClient client, JsonEvents events) {
        this.client = client;
        this.events = events;
    }

    /** Called at each look once something was decided; asks for what is not so already. */
    @Override
    public void realizeParallelismOverrides(
            JobAutoScalerContext<JobID> context, Map<String, String> wanted) throws Exception {
        if (context.getJobID() == null || context.getJobStatus() == null) {
            return;
        }
        var parameters = new JobMessageParameters();
        parameters.jobPathParameter.resolve(context.getJobID());
        var asked = new HashMap<>(standing(parameters));
        var changed = new HashMap<String, Integer>();
        asked.replaceAll(
                (vertex, before) -> {
                    var upper = wanted.get(vertex.toString());
                    // At least one: where a TaskManager is away, the job goes on with the others.
                    var now =
                            upper == null
                                    ? before
                                    : new JobVertexResourceRequirements(
                                            new Parallelism(1, Integer.parseInt(upper)));
                    if (!now.equals(before)) {
                        changed.put(vertex.toString(), now.getParallelism().getUpperBound());
                    }
                    return now;
                });
        if (changed.isEmpty()) {
            return;
        }
        client.sendRequest(
                        new JobResourcesRequirementsUpdateHeaders(),
                        parameters,
                        new JobResourceRequirementsBody(new JobResourceRequirements(asked)))
                .get();
        events.applied(changed);
    }

    private Map<JobVertexID, JobVertexResourceRequirements> standing(
            JobMessageParameters parameters) throws Exception {
        return client.sendRequest(
                        new JobResourceRequirementsHeaders(),
                        parameters,
                        EmptyRequestBody.getInstance())
                .get()
                .asJobResourceRequirements()
                .orElseThrow()
                .getJobVertexParallelisms();
    }

    /** Memory is not tuned here: a TaskManager would have to be started anew for it. */
    @Override
    public void realizeConfigOverrides(
            JobAutoScalerContext<JobID> context, ConfigChanges changes) {
        throw new UnsupportedOperationException("job.autoscaler.memory.tuning.enabled");
    }
}
