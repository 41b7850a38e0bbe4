package dev.paystream.flink.windows;

import org.apache.flink.streaming.api.functions.windowing.WindowFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Puts key and bounds to the sums of a window that has closed. */
final class NameWindow implements WindowFunction<WindowSums, ClosedWindow, String, TimeWindow> {

    private static final long serialVersionUID = 1L;

    @Override
    public void apply(
            String windowKey, TimeWindow window, Iterable<WindowSums> sums, Collector<ClosedWindow> out) {
        for (WindowSums each : sums) {
            out.collect(new ClosedWindow(windowKey, window.getStart(), window.getEnd(), each));
        }
    }
}
