import type { Command } from 'commander'
import { pauseProjection, readGenerations, resumeProjection } from '../../app/pipeline/generations.js'
import { pausedText } from '../../app/pipeline/projection-pause.js'
import { computedGenerations } from '../../app/operations/computed.js'
import { command, WAIT, waiting, type CommonFlags, type WaitFlags } from '../command/command.js'
import { configOf, withContext } from '../command/context.js'
import { EXIT } from '../command/exit.js'
import { operatorOf, recorded, withOperator, type OperatorFlags } from '../command/operator.js'

type Flags = CommonFlags & WaitFlags & OperatorFlags & Readonly<{ json?: boolean }>

export const pauseCommand = (): Command =>
  changing('pause', 'hold the projection in every process that runs it, until it is resumed', [
    "streamvane projections pause --why 'the profile is being changed'",
  ])

export const resumeCommand = (): Command =>
  changing('resume', 'let a paused projection go on where it was', ['streamvane projections resume'])

const changing = (name: 'pause' | 'resume', description: string, examples: readonly string[]): Command =>
  withOperator(command(name, description, examples))
    .option(...WAIT)
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => {
      const config = await configOf(flags)
      const { tenant } = config
      const operation = `projections ${name}`
      await withContext(waiting(operation, flags), config, async (context) => {
        const { logs } = context
        const before = (await computedGenerations(logs, tenant)).paused
        const isPaused = name === 'pause'
        if (isPaused === (before !== undefined)) {
          if (flags.json === true) console.log(JSON.stringify({ paused: before ?? null, changed: false }))
          else
            console.log(
              before === undefined
                ? 'the projection is not paused'
                : `the projection is paused already, ${pausedText(before)}`,
            )
          return EXIT.ok
        }
        return recorded(context, flags, { operation }, async () => {
          const change = isPaused ? pauseProjection : resumeProjection
          const { paused } = await logs.changingControl(async (control) =>
            change(control, tenant, await readGenerations(control, tenant), new Date(), operatorOf(flags)),
          )
          if (flags.json === true) console.log(JSON.stringify({ paused: paused ?? null, changed: true }))
          else
            console.log(
              isPaused
                ? 'the projection is paused: running processes hold once the batch at hand is stored; events are taken in, and what is computed is published'
                : 'the projection goes on where it was',
            )
          return EXIT.ok
        })
      })
    })
