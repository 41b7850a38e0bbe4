package dev.paystream.flink;

import java.util.Collection;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.state.rocksdb.ConfigurableRocksDBOptionsFactory;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactionOptionsUniversal;
import org.rocksdb.CompactionStyle;
import org.rocksdb.DBOptions;

/**
 * How does RocksDB live with ten checkpoints a second?
 *
 * <p>Each checkpoint flushes what was written since the last one into a small file of its own.
 * RocksDB begins to merge at four files, which is right when a file holds 64 MB; with files of a
 * hundred kilobytes it merges all the time, and every merged file is copied into the checkpoint
 * storage again. Here more files may gather, and are merged many at once.
 *
 * <p>Flink has no configuration keys for these two numbers, hence this class.
 */
public final class FrequentCheckpointsOptionsFactory implements ConfigurableRocksDBOptionsFactory {

    private static final long serialVersionUID = 1L;

    /** Files that may gather before they are merged; a read asks the Bloom filter of each. */
    static final ConfigOption<Integer> FILES =
            ConfigOptions.key("paystream.rocksdb.compaction.files").intType().defaultValue(24);

    /** The fewest files that are merged at once; twice as many halves how often data is copied. */
    static final ConfigOption<Integer> MERGE_WIDTH =
            ConfigOptions.key("paystream.rocksdb.compaction.merge-width").intType().defaultValue(8);

    private int files = FILES.defaultValue();
    private int mergeWidth = MERGE_WIDTH.defaultValue();

    @Override
    public FrequentCheckpointsOptionsFactory configure(ReadableConfig configuration) {
        files = configuration.get(FILES);
        mergeWidth = configuration.get(MERGE_WIDTH);
        return this;
    }

    @Override
    public DBOptions createDBOptions(
            DBOptions current, Collection<AutoCloseable> handlesToClose) {
        return current;
    }

    @Override
    public ColumnFamilyOptions createColumnOptions(
            ColumnFamilyOptions current, Collection<AutoCloseable> handlesToClose) {
        CompactionOptionsUniversal universal =
                new CompactionOptionsUniversal().setMinMergeWidth(mergeWidth);
        handlesToClose.add(universal);
        // Levelled compaction would rewrite its whole first level for every few flushes.
        return current.setCompactionStyle(CompactionStyle.UNIVERSAL)
                .setCompactionOptionsUniversal(universal)
                .setLevel0FileNumCompactionTrigger(files)
                // Writes are slowed and stopped well beyond what is normal here.
                .setLevel0SlowdownWritesTrigger(files * 4)
                .setLevel0StopWritesTrigger(files * 6);
    }
}
