import { Option, type Command } from 'commander'
import { familyNames, type FamilyName } from '../domain/family.js'
import { kafkaSinks } from '../app/config/sinks/egress-sinks.js'
import { topicsOptionsOf } from '../app/sinks/open-kafka.js'
import { applyTopics, planTopics, type TopicStep } from '../egress/kafka/topic-admin.js'
import { command, commandGroup, type CommonFlags } from './command/command.js'
import { configOf, withContext } from './command/context.js'
import { EXIT, UsageError } from './command/exit.js'
import { recordedAfter, withOperator, type OperatorFlags } from './command/operator.js'
import { summaries } from './command/summaries.js'
import { topicsAclsCommand } from './topics-acls.js'
import { asyncApiCommand } from './topics-asyncapi.js'
import { topicsCheckCommand } from './topics-check.js'

type Flags = CommonFlags &
  OperatorFlags &
  Readonly<{ family?: readonly FamilyName[]; dryRun?: boolean; json?: boolean }>

export const topicsCommand = (): Command => {
  const group = commandGroup('topics', summaries.topics)
  group.addCommand(
    withOperator(
      command(
        'apply',
        "create the missing topics of the profile's families; existing ones are compared and never changed",
        [
          'KAFKA_BROKERS=localhost:9092 streamvane topics apply --dry-run',
          'streamvane topics apply --config streamvane.yaml',
          'streamvane topics apply --family skill division',
        ],
      ),
    )
      .addOption(
        new Option('--family <names...>', 'of these families (default: those of the profile)').choices(familyNames),
      )
      .option('--dry-run', 'only say what would be created and what differs')
      .option('--json', 'one JSON object a topic')
      .action(async (flags: Flags) => {
        const config = await configOf(flags)
        const sinks = kafkaSinks(config.egress)
        if (sinks.length === 0)
          throw new UsageError('no broker is configured: set KAFKA_BROKERS or egress.kafka.brokers')
        const dryRun = flags.dryRun === true
        const operation = { operation: 'topics apply', details: { families: flags.family } }
        await withContext('topics apply', config, (context) =>
          recordedAfter(context, flags, operation, async (note) => {
            const { logger } = context
            let code: number = EXIT.ok
            const created: string[] = []
            for (const sink of sinks) {
              const options = topicsOptionsOf(sink, config, logger, flags.family)
              const steps = await (dryRun ? planTopics(options) : applyTopics(options))
              const of = sinks.length === 1 ? {} : { sink: sink.name }
              for (const step of steps)
                console.log(
                  flags.json === true
                    ? JSON.stringify({ ...of, ...step })
                    : `${sinks.length === 1 ? '' : `${sink.name}: `}${sentenceOf(step, dryRun)}`,
                )
              created.push(...steps.flatMap((step) => (step.kind === 'create' ? step.wanted.topic : [])))
              note({ summary: { created } })
              if (steps.some(({ kind }) => kind === 'differs')) code = EXIT.differences
            }
            return code
          }),
        )
      }),
  )
  group.addCommand(topicsCheckCommand())
  group.addCommand(topicsAclsCommand())
  group.addCommand(asyncApiCommand())
  return group
}

const sentenceOf = (step: TopicStep, dryRun: boolean): string => {
  switch (step.kind) {
    case 'create': {
      const { topic, partitions, config } = step.wanted
      const settings = Object.entries(config).map(([name, value]) => `${name}=${value}`)
      return `${topic}: ${dryRun ? 'would be created' : 'created'} with ${partitions} partitions, ${settings.join(', ')}`
    }
    case 'as wanted':
      return `${step.topic}: is as wanted`
    case 'differs':
      return `${step.topic}: ${step.differences.join('; ')}`
  }
}
