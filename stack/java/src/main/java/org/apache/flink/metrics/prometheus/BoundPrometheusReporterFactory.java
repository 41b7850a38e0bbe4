package org.apache.flink.metrics.prometheus;

import java.net.InetSocketAddress;
import java.util.Properties;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes the reporter; {@code host} and {@code port} say where it listens. */
public final class BoundPrometheusReporterFactory implements MetricReporterFactory {
    @Override
    public MetricReporter createMetricReporter(Properties properties) {
        MetricConfig config = (MetricConfig) properties;
        String host = config.getString("host", "127.0.0.1");
        int port = config.getInteger("port", 9249);
        return new BoundPrometheusReporter(new InetSocketAddress(host, port));
    }
}
