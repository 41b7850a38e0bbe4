package dev.paystream.flink.windows;

import java.util.ArrayList;
import java.util.List;

/** The minutes of one card that an hour may still need, each once, oldest first. */
public class CardMinutes {
    public List<ClosedWindow> minutes = new ArrayList<>();

    public CardMinutes() {}
}
