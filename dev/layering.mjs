// @ts-check
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const BELOW_APP = [
  ...['domain', 'credentials', 'rabbitmq', 'azure', 'projections', 'contract', 'log', 'facts', 'audit', 'genesys'],
  ...['ingress', 'egress', 'plugin', 'telemetry'],
]

/**
 * Which rooms and packages a room may import, besides itself. `packages: 'any'` includes node's own modules; else
 * `builtins` names those of node that compute and reach nothing. Of the rooms in `types` it may import types only.
 * @type {Record<string, { rooms: string[], types?: string[], packages: 'any' | string[], builtins?: string[] }>}
 */
const ROOMS = {
  domain: { rooms: [], packages: ['fp-ts', 'jsep'] },
  projections: { rooms: ['domain'], packages: ['fp-ts', 'immer'] },
  simulator: { rooms: ['domain'], packages: 'any' },
  credentials: { rooms: ['domain'], packages: 'any' },
  rabbitmq: { rooms: ['credentials'], packages: 'any' },
  log: { rooms: ['domain'], packages: 'any' },
  azure: { rooms: ['domain', 'credentials', 'log'], packages: 'any' },
  audit: { rooms: ['domain', 'log'], packages: ['fp-ts'], builtins: ['crypto', 'zlib'] },
  genesys: { rooms: ['domain', 'credentials', 'log'], packages: 'any' },
  contract: { rooms: ['domain', 'log'], packages: 'any' },
  ingress: { rooms: ['domain', 'credentials', 'rabbitmq', 'azure', 'log', 'genesys'], packages: 'any' },
  egress: { rooms: ['domain', 'credentials', 'rabbitmq', 'azure', 'contract', 'log'], packages: 'any' },
  facts: { rooms: ['domain', 'log'], packages: 'any' },
  plugin: { rooms: ['domain', 'credentials', 'contract', 'log', 'ingress', 'egress'], packages: 'any' },
  telemetry: { rooms: ['domain', 'contract', 'log', 'egress'], packages: 'any' },
  app: { rooms: BELOW_APP, packages: 'any' },
  // A room above may import from any room below it, not only from the next one down. No room imports upwards.
  http: { rooms: [...BELOW_APP, 'app'], packages: 'any' },
  // The application in the browser: what the server answers is known to it by type alone.
  console: { rooms: [], types: ['http'], packages: ['preact', 'chart.js'] },
  // The commands put the whole together, the server and the simulator included.
  cli: { rooms: [...BELOW_APP, 'app', 'http', 'simulator'], packages: 'any' },
}

/** @returns {import('dependency-cruiser').IForbiddenRuleType[]} */
const rules = () => [
  ...Object.entries(ROOMS).flatMap(([room, { rooms, types = [], packages, builtins = [] }]) => {
    const ownRooms = `^src/(${[room, ...rooms].join('|')})/`
    const allowed =
      packages === 'any'
        ? [ownRooms, '^(?!src/)']
        : [ownRooms, ...packages.map((name) => `node_modules/${name}/`), ...builtins.map((name) => `^(node:)?${name}$`)]
    const from = { path: `^src/${room}/` }
    const ofTypes = types.map((name) => `^src/${name}/`)
    const severity = /** @type {const} */ ('error')
    return [
      { name: `room-${room}`, severity, from, to: { pathNot: [...allowed, ...ofTypes] } },
      ...ofTypes.map((path) => ({
        ...{ name: `room-${room}-types`, severity, from },
        to: { path, dependencyTypesNot: /** @type {['type-only']} */ (['type-only']) },
      })),
    ]
  }),
  {
    name: 'no-homeless-file',
    severity: 'error',
    from: { path: '^src/', pathNot: `^src/(${Object.keys(ROOMS).join('|')})/` },
    to: {},
  },
  { name: 'product-stands-alone', severity: 'error', from: { path: '^src/' }, to: { path: '^(bench|dev|test)/' } },
  {
    name: 'no-dev-dependency',
    severity: 'error',
    // The contract suites run in the vitest of who calls them; vite builds the console with all that it needs.
    from: { path: '^src/', pathNot: '^src/(plugin/(sink|source)-contract\\.ts$|console/)' },
    to: { dependencyTypes: ['npm-dev'] },
  },
  { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
  { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
]

/**
 * Checks the imports of every file below `root`/src. `modules` is how many files were read: a checker that understood
 * nothing reports no violation either, so a number that differs from the number of files on disk is itself one.
 * @param {string} root @returns {Promise<{ modules: number, imports: number, violations: string[] }>}
 */
export const checkLayering = async (root) => {
  const { cruise } = await import('dependency-cruiser')
  const { default: extractTSConfig } = await import('dependency-cruiser/config-utl/extract-ts-config')
  const tsConfig = join(root, 'tsconfig.json')
  const { output } = await cruise(
    ['src'],
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: rules() },
      tsPreCompilationDeps: true, // an import of types is an import
      tsConfig: { fileName: tsConfig },
      doNotFollow: { path: 'node_modules' },
    },
    { extensions: ['.ts', '.tsx', '.js'], extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    { tsConfig: extractTSConfig(tsConfig) },
  )
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text instead of a result')
  const seen = output.modules.filter(({ source }) => source.startsWith('src/') && /\.tsx?$/.test(source))
  const onDisk = readdirSync(join(root, 'src'), { recursive: true }).filter((name) => /\.tsx?$/.test(String(name)))
  const violations = output.summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle?.map(({ name }) => name).join(' → ') ?? to
    return `${rule.name}: ${from} → ${way}`
  })
  if (seen.length !== onDisk.length || seen.length === 0) {
    violations.push(`looked-at-nothing: ${seen.length} of ${onDisk.length} files were read`)
  }
  return {
    modules: seen.length,
    imports: seen.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
    violations,
  }
}

if (process.argv[1] === import.meta.filename) {
  const { modules, imports, violations } = await checkLayering(join(import.meta.dirname, '..'))
  for (const violation of violations) console.log(violation)
  console.log(`${modules} modules, ${imports} imports, ${violations.length} violations`)
  process.exitCode = violations.length > 0 ? 1 : 0
}
