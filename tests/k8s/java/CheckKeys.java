import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.FallbackKey;

/**
 * Which of these keys does Flink know, and can it read their values?
 *
 * <p>Arguments: a file of lines {@code key<TAB>value}, a file of lines {@code key<TAB>type} for options
 * that no jar declares, then jars. Every static field of type ConfigOption in the jars' own classes is
 * an option. Prints how many there are, then a line for each key: the key, a tab, and one of
 * {@code ok}, {@code unknown}, {@code deprecated: <its new name>}, {@code unreadable: <why>}.
 */
public final class CheckKeys {
    private static final String MARK = "Lorg/apache/flink/configuration/ConfigOption;";
    /** Where Flink and its plugins declare options: loading every class would take a minute. */
    private static final Pattern DECLARES =
            Pattern.compile("org/apache/flink/.*(Options?|Configuration|Factory)[^/]*\\.class");

    public static void main(String[] arguments) throws IOException {
        Map<String, ConfigOption<?>> known = new HashMap<>();
        Map<String, String> renamed = new HashMap<>();
        for (int i = 2; i < arguments.length; i++) {
            for (ConfigOption<?> option : optionsOf(arguments[i])) {
                known.put(option.key(), option);
                for (FallbackKey old : option.fallbackKeys()) {
                    renamed.put(old.getKey(), option.key());
                }
            }
        }
        for (String line : Files.readAllLines(Path.of(arguments[1]))) {
            String[] pair = line.split("\t", 2);
            known.put(pair[0], declared(pair[0], pair[1]));
        }
        System.out.println("#options\t" + known.size());
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] pair = line.split("\t", 2);
            System.out.println(pair[0] + "\t" + verdict(pair[0], pair[1], known, renamed));
        }
    }

    private static String verdict(
            String key, String value, Map<String, ConfigOption<?>> known, Map<String, String> renamed) {
        ConfigOption<?> option = known.get(key);
        if (option == null) {
            return renamed.containsKey(key) ? "deprecated: " + renamed.get(key) : "unknown";
        }
        Configuration configuration = new Configuration();
        configuration.setString(key, value);
        try {
            configuration.get(option);
        } catch (RuntimeException error) {
            return "unreadable: " + String.valueOf(error.getMessage()).replaceAll("\\s+", " ");
        }
        return "ok";
    }

    private static ConfigOption<?> declared(String key, String type) {
        ConfigOptions.OptionBuilder option = ConfigOptions.key(key);
        switch (type) {
            case "Boolean":
                return option.booleanType().noDefaultValue();
            case "Double":
                return option.doubleType().noDefaultValue();
            case "Duration":
                return option.durationType().noDefaultValue();
            case "Integer":
                return option.intType().noDefaultValue();
            case "MemorySize":
                return option.memoryType().noDefaultValue();
            case "Map":
                return option.mapType().noDefaultValue();
            default:
                return option.stringType().noDefaultValue();
        }
    }

    private static List<ConfigOption<?>> optionsOf(String jar) throws IOException {
        List<ConfigOption<?>> found = new ArrayList<>();
        try (JarFile file = new JarFile(jar)) {
            for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements(); ) {
                JarEntry entry = all.nextElement();
                String name = entry.getName();
                if (!DECLARES.matcher(name).matches() || name.contains("/shaded/") || name.contains("/table/")) {
                    continue;
                }
                String code;
                try (InputStream stream = file.getInputStream(entry)) {
                    code = new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
                }
                if (code.contains(MARK)) {
                    collect(name.substring(0, name.length() - 6).replace('/', '.'), found);
                }
            }
        }
        return found;
    }

    private static void collect(String className, List<ConfigOption<?>> found) {
        try {
            for (Field field : Class.forName(className).getDeclaredFields()) {
                boolean isOption =
                        Modifier.isStatic(field.getModifiers())
                                && field.getType() == ConfigOption.class;
                if (isOption && field.trySetAccessible()) {
                    ConfigOption<?> option = (ConfigOption<?>) field.get(null);
                    if (option != null) {
                        found.add(option);
                    }
                }
            }
        } catch (Throwable absent) {
            // A class that needs what is not on the class path has no say: its keys are unknown.
        }
    }
}
