/**
 * `duckdb FILE`: DuckDB does the interval job from the same file, with all cores: it leaves repeated records out, and
 * counts and sums each metric by queue and by agent in quarter hours. It does nothing of what makes rows trustworthy
 * (late events, closing, corrections, provenance, exactly-once), so it is a hard rival.
 */
import { DuckDBInstance } from '@duckdb/node-api'

const [file = ''] = process.argv.slice(2)

const columns = `{
  detail: 'STRUCT(topicName VARCHAR, eventBody STRUCT(recordId VARCHAR, metric VARCHAR, metricDate TIMESTAMP, "value" DOUBLE,
    queueId VARCHAR, userId VARCHAR, mediaType VARCHAR))'
}`

const job = `
  WITH points AS (
    SELECT DISTINCT body.recordId, body.metric, body.metricDate AS emitted, body."value" AS v, body.queueId, body.userId, body.mediaType
    FROM (SELECT detail.eventBody AS body FROM read_ndjson('${file}', columns = ${columns}) WHERE detail.eventBody.metric IS NOT NULL)
  ), cells AS (
    SELECT 'queue' AS family, queueId AS id, mediaType, metric, time_bucket(INTERVAL 15 MINUTE, emitted) AS begins, v
    FROM points WHERE queueId IS NOT NULL
    UNION ALL
    SELECT 'agent', userId, mediaType, metric, time_bucket(INTERVAL 15 MINUTE, emitted), v FROM points WHERE userId IS NOT NULL
  )
  SELECT family, id, mediaType, begins, metric, count(*), sum(v), min(v), max(v) FROM cells GROUP BY ALL`

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const began = performance.now()
const reader = await connection.runAndReadAll(`SELECT count(*) FROM (${job})`)
console.log(
  JSON.stringify({ jobSeconds: (performance.now() - began) / 1_000, measures: Number(reader.getRows()[0]?.[0]) }),
)
