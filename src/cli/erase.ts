import type { Command } from 'commander'
import { erase } from '../app/operations/erase.js'
import { conversationStream, userStream } from '../domain/stream-name.js'
import { command, type CommonFlags } from './command.js'
import { configOf, withContext } from './context.js'
import { UsageError } from './exit.js'
import { summaries } from './summaries.js'

type Flags = CommonFlags & Readonly<{ conversation?: string; user?: string; yes?: boolean; json?: boolean }>

export const eraseCommand = (): Command =>
  command('erase', summaries.erase, [
    'streamvane erase --conversation 9d0c…            # says what would be erased',
    'streamvane erase --conversation 9d0c… --yes',
    'streamvane erase --user 71fa… --yes --json',
  ])
    .option('--conversation <id>', 'the conversation whose events go')
    .option(
      '--user <id>',
      'the user whose events go: presence, routing status, activity (not the conversations he was part of)',
    )
    .option('--yes', 'erase; without it nothing is written, and it is only said what would be erased')
    .option('--json', 'as JSON')
    .action(async (flags: Flags) => {
      const { conversation, user } = flags
      if ((conversation === undefined) === (user === undefined))
        throw new UsageError('say either --conversation or --user')
      const config = configOf(flags)
      const entityId = conversation ?? user ?? ''
      const stream =
        conversation === undefined ? userStream(config.tenant, entityId) : conversationStream(config.tenant, entityId)
      const dryRun = flags.yes !== true
      await withContext('erase', config, async ({ logs }) => {
        const raw = await logs.raw(dryRun ? 'reader' : 'writer')
        const erasure = await erase({ raw, tenant: config.tenant, stream, entityId, dryRun, now: Date.now })
        if (flags.json === true) console.log(JSON.stringify({ dryRun, ...erasure }))
        else {
          const { events, points, deadLetters } = erasure
          console.log(
            `${stream}: ${events} events ${dryRun ? 'would be' : 'were'} erased${dryRun && events > 0 ? '; --yes erases them for ever' : ''}`,
          )
          if (points > 0)
            console.log(
              `rows computed from now on say what is missing in them (${points} places); published rows stay as they are`,
            )
          if (deadLetters > 0)
            console.log(`${deadLetters} dead letters mention it and are kept: streamvane deadletter list`)
          if (!dryRun && config.log.kind === 'eventstoredb')
            console.log('the bytes go when EventStoreDB is scavenged: run a scavenge')
        }
        return 0
      })
    })
