import type { Command } from 'commander'
import { kafkaSinks } from '../app/config/sinks/egress-sinks.js'
import { connectionCheckOf } from '../app/pipeline/egress/connection-check.js'
import { checkConnection } from '../egress/kafka/check/check-connection.js'
import type { Finding } from '../egress/kafka/check/finding.js'
import { printable } from '../domain/printable.js'
import { command, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { printTable } from './command/table.js'

export const topicsCheckCommand = (): Command =>
  command(
    'check',
    'say what the connection to Kafka may and may not do, and change nothing. ' +
      'Exit code 4: publishing would be refused; 5: topics or schemas are missing, or differ from the configuration',
    ['streamvane topics check --config streamvane.yaml', "streamvane topics check --json | jq 'select(.mend)'"],
  )
    .option('--json', 'one JSON object a finding')
    .action(async (flags: CommonFlags & Readonly<{ json?: boolean }>) => {
      const config = await configOf(flags)
      const sinks = kafkaSinks(config.egress)
      if (sinks.length === 0) throw new UsageError('no broker is configured: set KAFKA_BROKERS or egress.kafka.brokers')
      await withContext('topics check', config, async ({ logger }) => {
        const states = new Set<Finding['state']>()
        for (const sink of sinks) {
          const findings = await checkConnection(connectionCheckOf(sink, config, logger))
          const of = sinks.length === 1 ? {} : { sink: sink.name }
          if (flags.json === true) for (const finding of findings) console.log(JSON.stringify({ ...of, ...finding }))
          else print(sinks.length === 1 ? undefined : sink.name, findings)
          for (const { state } of findings) states.add(state)
        }
        return states.has('lacks') ? EXIT.refused : states.has('differs') ? EXIT.differences : EXIT.ok
      })
    })

/** A table, and below it what would mend what is amiss: commands too long for a cell. */
const print = (sink: string | undefined, findings: readonly Finding[]): void => {
  if (sink !== undefined) console.log(`sink ${sink}`)
  printTable({
    columns: [{ head: 'what', narrow: 'wrap', min: 18 }, { head: 'state' }, { head: 'found', narrow: 'wrap', min: 30 }],
    rows: findings.map(({ what, state, says }) => [what, state, says]),
  })
  for (const { what, mend } of findings) if (mend !== undefined) console.log(`${printable(what)}: ${printable(mend)}`)
}
