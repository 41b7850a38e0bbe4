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
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.FallbackKey;

/**
 * Which of these keys does Flink know, and can it read their values?
 *
 * <p>Arguments: a file of lines {@code key<TAB>value}, then jars. Every static field of type
 * ConfigOption in the jars' own classes is an option. Prints a line for each key: the key, a tab, and
 * one of {@code ok}, {@code unknown}, {@code deprecated: <its new name>}, {@code unreadable: <why>}.
 */
public final class CheckKeys {
    private static final byte[] MARK =
            "Lorg/apache/flink/configuration/ConfigOption;".getBytes(StandardCharsets.ISO_8859_1);

    public static void main(String[] arguments) throws IOException {
        Map<String, ConfigOption<?>> known = new HashMap<>();
        Map<String, String> renamed = new HashMap<>();
        for (int i = 1; i < arguments.length; i++) {
            for (ConfigOption<?> option : optionsOf(arguments[i])) {
                known.put(option.key(), option);
                for (FallbackKey old : option.fallbackKeys()) {
                    renamed.put(old.getKey(), option.key());
                }
            }
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

    private static List<ConfigOption<?>> optionsOf(String jar) throws IOException {
        List<ConfigOption<?>> found = new ArrayList<>();
        try (JarFile file = new JarFile(jar)) {
            for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements(); ) {
                JarEntry entry = all.nextElement();
                String name = entry.getName();
                boolean own = name.startsWith("org/apache/flink/") && name.endsWith(".class");
                if (!own || name.contains("/shaded/") || name.contains("/table/")) {
                    continue;
                }
                byte[] code;
                try (InputStream stream = file.getInputStream(entry)) {
                    code = stream.readAllBytes();
                }
                if (contains(code, MARK)) {
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

    private static boolean contains(byte[] text, byte[] part) {
        outer:
        for (int i = 0; i <= text.length - part.length; i++) {
            for (int j = 0; j < part.length; j++) {
                if (text[i + j] != part[j]) {
                    continue outer;
                }
            }
            return true;
        }
        return false;
    }
}
