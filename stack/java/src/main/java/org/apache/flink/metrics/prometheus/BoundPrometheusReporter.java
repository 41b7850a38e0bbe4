package org.apache.flink.metrics.prometheus;

import io.prometheus.client.exporter.HTTPServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;

/**
 * Flink's reporter for Prometheus, listening on one address.
 *
 * <p>Flink's own listens on all of them. In its package, for the registry is visible there only;
 * metrics, names and labels are those of Flink's own.
 */
final class BoundPrometheusReporter extends AbstractPrometheusReporter {
    private final HTTPServer server;

    BoundPrometheusReporter(InetSocketAddress address) {
        try {
            server = new HTTPServer(address, registry, true);
        } catch (IOException error) {
            throw new UncheckedIOException("metrics cannot be served at " + address, error);
        }
    }

    @Override
    public void close() {
        server.stop();
        super.close();
    }
}
