import type { Command } from 'commander'
import { stringify } from 'yaml'
import { newToken } from '../../http/admin/access/tokens.js'
import { command, type CommonFlags } from '../command/command.js'
import { UsageError } from '../command/exit.js'
import { instantOf } from '../command/option-values.js'

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
    .action((flags: Flags) => {
      if (!/^[\w.@:-]{1,64}$/.test(flags.name))
        throw new UsageError(`--name ${flags.name}: letters, digits, _ . @ : and - only, 64 at most`)
      const expires = instantOf('--expires', flags.expires)
      const { token, sha256 } = newToken('svfeed_')
      const entry = {
        ...{ name: flags.name, feeds: [...new Set(flags.feed)], sha256 },
        ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
      }
      if (flags.json === true) {
        console.log(JSON.stringify({ token, entry }))
        return
      }
      console.log(token)
      console.error(
        'the token is printed once, on stdout, and stored nowhere; this entry belongs into the configuration:\n',
      )
      console.error(stringify({ feeds: { server: { tokens: [entry] } } }))
    })
