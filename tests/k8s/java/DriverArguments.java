import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.List;
import org.apache.flink.runtime.entrypoint.parser.CommandLineParser;
import org.apache.flink.runtime.entrypoint.parser.ParserResultFactory;

/**
 * How does Flink's PythonDriver take these arguments apart?
 *
 * <p>Prints the Python file on the first line, and then an argument of its program on each.
 */
public final class DriverArguments {
    @SuppressWarnings({"unchecked", "rawtypes"})
    public static void main(String[] arguments) throws Exception {
        Class<?> type = Class.forName("org.apache.flink.client.python.PythonDriverOptionsParserFactory");
        Constructor<?> constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        ParserResultFactory factory = (ParserResultFactory) constructor.newInstance();
        Object options = new CommandLineParser(factory).parse(arguments);
        System.out.println(((java.util.Optional<?>) call(options, "getEntryPointScript")).get());
        for (String argument : (List<String>) call(options, "getProgramArgs")) {
            System.out.println(argument);
        }
    }

    private static Object call(Object target, String name) throws Exception {
        Method method = target.getClass().getDeclaredMethod(name);
        method.setAccessible(true);
        return method.invoke(target);
    }
}
