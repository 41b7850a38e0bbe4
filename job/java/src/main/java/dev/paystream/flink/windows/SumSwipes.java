package dev.paystream.flink.windows;

import org.apache.flink.api.common.functions.AggregateFunction;

/** Adds swipes up as they come, so that a window's state stays as small as its result. */
final class SumSwipes implements AggregateFunction<CountedSwipe, WindowSums, WindowSums> {

    private static final long serialVersionUID = 1L;

    @Override
    public WindowSums createAccumulator() {
        return new WindowSums();
    }

    @Override
    public WindowSums add(CountedSwipe swipe, WindowSums sums) {
        sums.add(swipe);
        return sums;
    }

    @Override
    public WindowSums getResult(WindowSums sums) {
        return sums;
    }

    @Override
    public WindowSums merge(WindowSums left, WindowSums right) {
        left.add(right);
        return left;
    }
}
