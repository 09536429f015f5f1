import type { Command } from 'commander'
import { command, type CommonFlags } from '../command/command.js'
import { printNewToken } from '../command/new-token.js'

type Flags = CommonFlags & Readonly<{ name: string; feed: readonly string[]; expires?: string; json?: boolean }>

export const tokenCommand = (): Command =>
  command('token', 'make a token that may fetch some feeds and nothing else: printed once, with its entry', [
    'streamvane feeds token --name planner --feed wfm-intraday',
    'streamvane feeds token --name bpo-north --feed bpo-daily --expires 2027-01-01',
  ])
    .requiredOption('--name <name>', 'who uses it; stands in the log')
    .requiredOption('--feed <feed...>', 'the feeds that it may fetch')
    .option('--expires <instant>', 'when it ceases to be valid (default: never)')
    .option('--json', 'as JSON')
    .action((flags: Flags) =>
      printNewToken(
        flags,
        { feeds: [...new Set(flags.feed)] },
        (entry) => ({ feeds: { server: { tokens: [entry] } } }),
        'svfeed_',
      ),
    )
