package dev.paystream.flink.windows;

/**
 * Which windows are there?
 *
 * <p>A window's key begins with the kind's letter, so that one operator holds several kinds. The
 * names are those of {@code WindowKind} in job/contracts/fields.py.
 */
public enum WindowKind {
    MERCHANT_MINUTE('M', "merchant_minute"),
    BIN_MINUTE('B', "bin_minute"),
    CARD_HOUR('H', "card_hour"),
    CARD_SESSION('S', "card_session");

    private static final WindowKind[] ALL = values();

    private final char letter;
    private final String contractName;

    WindowKind(char letter, String contractName) {
        this.letter = letter;
        this.contractName = contractName;
    }

    /** As it stands in the contract. */
    public String contractName() {
        return contractName;
    }

    /** The key under which this kind counts a merchant, BIN or card. */
    public String keyOf(String entityId) {
        return letter + entityId;
    }

    /** The kind that a key belongs to. */
    public static WindowKind of(String windowKey) {
        char letter = windowKey.charAt(0);
        for (WindowKind kind : ALL) {
            if (kind.letter == letter) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no window kind has the letter of key " + windowKey);
    }

    /** The merchant, BIN or card of a key. */
    public static String entityIdOf(String windowKey) {
        return windowKey.substring(1);
    }

    /** The kind of a contract name. */
    public static WindowKind named(String contractName) {
        for (WindowKind kind : ALL) {
            if (kind.contractName.equals(contractName)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("there is no window kind " + contractName);
    }
}
