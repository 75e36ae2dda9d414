import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;

/** Asks a server as Java programs do, and prints what it finds, a line each: a name and a value. */
public final class WireByJdbc {
    private static final String NUMBERS =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n";

    private WireByJdbc() {
    }

    public static void main(String[] arguments) throws SQLException {
        try (Connection connection = DriverManager.getConnection(arguments[0], arguments[1], arguments[2])) {
            DatabaseMetaData known = connection.getMetaData();
            print("product", known.getDatabaseProductName());
            print("schemas", column(known.getSchemas(), "TABLE_SCHEM"));
            print("tables", column(known.getTables(null, "databricks_workspace.jobs", "job\\_runs", null), "TABLE_NAME"));
            print("views", column(known.getTables(null, "runyard.ledger", "%", new String[] {"VIEW"}), "TABLE_NAME"));
            columns(known.getColumns(null, "runyard.ledger", "runs", "%"));
            print("keys", column(known.getPrimaryKeys(null, "runyard.ledger", "runs"), "COLUMN_NAME"));
            print("foreign", column(known.getImportedKeys(null, "runyard.ledger", "runs"), "FKCOLUMN_NAME"));
            print("indexes", column(known.getIndexInfo(null, "runyard.ledger", "runs", false, true), "INDEX_NAME"));
            print("types", String.valueOf(column(known.getTypeInfo(), "TYPE_NAME").contains("int8")));
            print("functions", column(known.getFunctions(null, "public", "%"), "FUNCTION_NAME"));
            prepared(connection);
            inParts(connection);
            typed(connection);
            broken(connection);
        }
    }

    private static void prepared(Connection connection) throws SQLException {
        int found = 0;
        // From the fifth time on the driver prepares it by name and takes its answers in binary.
        try (PreparedStatement asked = connection.prepareStatement("SELECT id FROM runs WHERE job_name = ? AND id > ?")) {
            for (int round = 0; round < 8; round++) {
                asked.setString(1, "etl");
                asked.setLong(2, 0);
                try (ResultSet rows = asked.executeQuery()) {
                    while (rows.next()) {
                        found += rows.getLong(1) > 0 ? 1 : 0;
                    }
                }
            }
        }
        print("prepared", String.valueOf(found));
    }

    private static void inParts(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        long sum = 0;
        try (Statement asked = connection.createStatement()) {
            asked.setFetchSize(70);
            try (ResultSet rows = asked.executeQuery(NUMBERS)) {
                while (rows.next()) {
                    sum += rows.getLong(1);
                }
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
        print("sum", String.valueOf(sum));
    }

    private static void typed(Connection connection) throws SQLException {
        try (Statement asked = connection.createStatement();
            ResultSet rows = asked.executeQuery("SELECT id, job_name, created_at FROM runs WHERE job_name = 'etl' LIMIT 1")) {
            ResultSetMetaData described = rows.getMetaData();
            print("long", String.valueOf(described.getColumnType(1) == Types.BIGINT));
            print("text", String.valueOf(described.getColumnType(2) == Types.VARCHAR));
            print("moment", String.valueOf(described.getColumnType(3) == Types.TIMESTAMP));
            rows.next();
            print("recent", String.valueOf(rows.getTimestamp(3).getTime() > 1_700_000_000_000L));
        }
    }

    private static void broken(Connection connection) throws SQLException {
        try (Statement asked = connection.createStatement()) {
            asked.executeQuery("SELECT * FROM nowhere");
        } catch (SQLException error) {
            print("state", error.getSQLState());
        }
        try (Statement asked = connection.createStatement(); ResultSet rows = asked.executeQuery("SELECT 1")) {
            print("usable", String.valueOf(rows.next()));
        }
    }

    private static void columns(ResultSet rows) throws SQLException {
        while (rows.next()) {
            if (rows.getString("COLUMN_NAME").equals("created_at")) {
                print("created_at", rows.getString("TYPE_NAME") + " " + (rows.getInt("DATA_TYPE") == Types.TIMESTAMP));
            }
        }
    }

    private static List<String> column(ResultSet rows, String name) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
            found.add(rows.getString(name));
        }
        return found;
    }

    private static void print(String name, Object value) {
        System.out.println(name + "=" + value);
    }
}
