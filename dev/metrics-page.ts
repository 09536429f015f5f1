import { holders, metrics, type Label, type Metric } from '../src/telemetry/catalogue.js'

/** The list of all metrics, docs/telemetry/metrics.md, of the catalogue. */
export const metricsPage = (): string => `# Metrics

Generated from \`src/telemetry/catalogue.ts\` by \`npx tsx dev/write-metrics.ts\`. [telemetry.md](../telemetry.md) says how they are read and pushed.

A label has one of the values listed here, or a name from the configuration: the stages, sinks and sources that an operator wrote. No label has the id of a queue, an agent or a
conversation, so the number of series does not grow with data. *processes* says which of them have a metric: the others leave it out, because its stage runs elsewhere.

| metric | kind | labels | processes | means |
|---|---|---|---|---|
${metrics.map(line).join('\n')}

## Buckets of the histograms

${metrics.flatMap((metric) => (metric.kind === 'histogram' ? [`- \`${metric.name}\`: ${metric.buckets.join(', ')} seconds`] : [])).join('\n')}
`

const line = ({ name, kind, labels, in: holder, help }: Metric): string =>
  `| \`${name}\` | ${kind} | ${labels.map(labelText).join('<br>')} | ${holder === undefined ? 'all' : holders[holder]} | ${help.replaceAll('|', '\\|')} |`

const labelText = ({ name, values }: Label): string =>
  typeof values === 'string' ? `\`${name}\`: ${valueTexts[values]}` : `\`${name}\`: ${values.join(', ')}`

const valueTexts = { configuration: 'by configuration', build: 'of this build' } as const
