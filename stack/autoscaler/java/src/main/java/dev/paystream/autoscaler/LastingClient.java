package dev.paystream.autoscaler;

import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.highavailability.nonha.standalone.StandaloneClientHAServices;

/**
 * A client of the cluster that stays open.
 *
 * <p>The library opens and closes one for each question, a dozen at each look; each would start
 * threads and connections of its own.
 */
final class LastingClient extends RestClusterClient<String> {

    LastingClient(String restAddress) throws Exception {
        super(
                new Configuration(),
                "paystream",
                (configuration, onError) -> new StandaloneClientHAServices(restAddress));
    }

    /** Does nothing: the library says so after each question. */
    @Override
    public void close() {}

    /** Closes it in earnest. */
    void end() {
        super.close();
    }
}
