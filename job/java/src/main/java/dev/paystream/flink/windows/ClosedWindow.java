package dev.paystream.flink.windows;

/** A window that the watermark has closed, with what it adds up. */
public class ClosedWindow {
    /** Kind and entity, see {@link WindowKind#keyOf}. */
    public String windowKey;

    /** Event time, milliseconds; the end is exclusive. */
    public long startMs;

    public long endMs;
    public WindowSums sums;

    public ClosedWindow() {}

    ClosedWindow(String windowKey, long startMs, long endMs, WindowSums sums) {
        this.windowKey = windowKey;
        this.startMs = startMs;
        this.endMs = endMs;
        this.sums = sums;
    }
}
