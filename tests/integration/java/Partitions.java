import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Produces one record per key (hex, one a line on standard input) and prints the partition where each landed. */
public class Partitions {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0]);
        BufferedReader keys = new BufferedReader(new InputStreamReader(System.in));
        List<Future<RecordMetadata>> landed = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String key = keys.readLine(); key != null; key = keys.readLine()) {
                byte[] bytes = HexFormat.of().parseHex(key);
                landed.add(producer.send(new ProducerRecord<>(arguments[1], bytes, new byte[] {1})));
            }
        }
        for (Future<RecordMetadata> one : landed) {
            System.out.println(one.get().partition());
        }
    }
}
