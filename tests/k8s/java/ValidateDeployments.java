import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.kubernetes.operator.api.FlinkDeployment;
import org.apache.flink.kubernetes.operator.config.FlinkConfigManager;
import org.apache.flink.kubernetes.operator.validation.DefaultValidator;

/**
 * What does the operator say to these deployments before it touches a cluster?
 *
 * <p>Arguments: files, each with a FlinkDeployment as JSON. Prints a line for each that ends with
 * {@code #ok}, or with {@code #refused: <why>}, as the operator's webhook would.
 */
public final class ValidateDeployments {
    public static void main(String[] arguments) throws Exception {
        DefaultValidator validator =
                new DefaultValidator(new FlinkConfigManager(new Configuration()));
        ObjectMapper mapper = new ObjectMapper();
        for (String file : List.of(arguments)) {
            FlinkDeployment deployment = mapper.readValue(new File(file), FlinkDeployment.class);
            System.out.println(
                    validator
                            .validateDeployment(deployment)
                            .map(error -> "#refused: " + error.replaceAll("\\s+", " "))
                            .orElse("#ok"));
        }
        // The operator's clients keep threads that would not end.
        System.exit(0);
    }
}
