package dev.paystream.flink.windows;

/**
 * What one window counts of one judged swipe.
 *
 * <p>Public fields and an empty constructor, so that Flink writes it field by field and not by
 * Kryo.
 */
public class CountedSwipe {
    /** Kind and entity, see {@link WindowKind#keyOf}. */
    public String windowKey;

    public String swipeId;
    public long eventTimeMs;

    /** ISO 4217. */
    public String currency;

    /** Minor units of the currency; 0 unless it is an approved authorisation. */
    public long spentMinor;

    public boolean declined;

    public CountedSwipe() {}
}
