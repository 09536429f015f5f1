import { Option, type Command } from 'commander'
import { letterStates, type LetterState } from '../../app/operations/dead-letters/decisions.js'
import type { LetterFilter } from '../../app/operations/dead-letters/listing.js'
import type { Stage } from '../../ingress/dead-letter.js'
import { rangeOf } from '../command/option-values.js'

/** Options that choose dead letters. */
export type ChoiceFlags = Readonly<{
  reason?: string
  stage?: Stage
  topic?: string
  from?: string
  to?: string
  state?: LetterState
}>

export const withChoice = (command: Command): Command =>
  command
    .option('--reason <code>', 'only of this reason')
    .addOption(new Option('--stage <stage>', 'only those that this stage set aside').choices(['ingress', 'projector']))
    .option('--topic <name>', 'only of this topic, where it is known')
    .option('--from <instant>', 'only those received then or later')
    .option('--to <instant>', 'only those received before')

export const withState = (command: Command): Command =>
  command.addOption(new Option('--state <state>', 'only in this state (default: all)').choices(letterStates))

export const filterOf = (flags: ChoiceFlags, ids: readonly string[] = []): LetterFilter => {
  const { reason, stage, topic, state } = flags
  return { reason, stage, topic, state, ...rangeOf(flags), ...(ids.length > 0 && { ids }) }
}

/** The choice as the journal keeps it. */
export const choiceDetails = ({ reason, stage, topic, from, to }: ChoiceFlags, ids: readonly string[]) => ({
  ...{ reason, stage, topic, from, to },
  ...(ids.length > 0 && { ids }),
})
