package dev.paystream.autoscaler;

import java.time.Duration;
import org.apache.flink.autoscaler.ScalingMetricEvaluator;
import org.apache.flink.autoscaler.metrics.CollectedMetricHistory;
import org.apache.flink.autoscaler.metrics.EvaluatedMetrics;
import org.apache.flink.configuration.Configuration;

/** The library's evaluation of the job's metrics, told to whoever listens. */
final class ToldEvaluator extends ScalingMetricEvaluator {

    private final JsonEvents events;

    ToldEvaluator(JsonEvents events) {
        this.events = events;
    }

    @Override
    public EvaluatedMetrics evaluate(
            Configuration settings, CollectedMetricHistory collected, Duration restartTime) {
        var evaluated = super.evaluate(settings, collected, restartTime);
        events.evaluated(collected.isFullyCollected(), evaluated.getVertexMetrics());
        return evaluated;
    }
}
