import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments, parse, stringify } from 'yaml'
import { overlaid, type Tree } from '../../../src/app/config/layers/layer.js'
import { loadConfig } from '../../../src/app/config/load.js'
import { describeDeploy, ran, repository } from '../../support/deploy-tools.js'

const CHART = repository('deploy/helm/streamvane')
const KUBERNETES = '1.34.0'
const sets = ['single', 'stages', 'shards'] as const

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- objects of Kubernetes, whose schemas are another test's business */
type Manifest = Readonly<{ kind: string; metadata: any; spec: any; data?: any }>

describeDeploy('the Helm chart', ({ helm, python }) => {
  const chart = (command: readonly string[], set: string, more: readonly string[] = []) =>
    ran(helm, [...command, CHART, '--kube-version', KUBERNETES, '-f', join(CHART, 'ci', `${set}.yaml`), ...more])
  const rendered = async (set: string, more: readonly string[] = []): Promise<readonly Manifest[]> => {
    const { code, stdout, stderr } = await chart(['template', 'rel', '-n', 'kpis'], set, more)
    expect(code, stderr).toBe(0)
    return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as Manifest | null) ?? [])
  }
  const validated = (file: string) => ran(python, ['-m', 'kubernetes_validate', '--strict', '-k', KUBERNETES, file])
  const ofKind = (manifests: readonly Manifest[], ...kinds: readonly string[]) =>
    manifests.filter(({ kind }) => kinds.includes(kind))
  const workloads = (manifests: readonly Manifest[]) => ofKind(manifests, 'Deployment', 'StatefulSet')
  const argsOf = ({ spec }: Manifest): readonly string[] => spec.template.spec.containers[0].args
  const componentOf = ({ spec }: Manifest): string => spec.selector.matchLabels['app.kubernetes.io/component']

  test.each(sets)('helm lint has nothing against %s', async (set) => {
    const { code, stdout } = await chart(['lint', '--strict'], set)
    expect(code, stdout).toBe(0)
  })

  test.each(sets)('every object of %s is valid by the schemas of Kubernetes', async (set) => {
    const custom = ['ServiceMonitor', 'PrometheusRule']
    const manifests = (await rendered(set)).filter(({ kind }) => !custom.includes(kind))
    const file = join(await mkdtemp(join(tmpdir(), 'streamvane-helm-')), 'all.yaml')
    await writeFile(file, manifests.map((one) => stringify(one, { aliasDuplicateObjects: false })).join('---\n'))
    const { code, stdout, stderr } = await validated(file)
    expect(code, stdout + stderr).toBe(0)
    await writeFile(file, stringify({ ...manifests[0], spce: {} }))
    expect((await validated(file)).code).not.toBe(0)
  })

  test('files of values merge below config as files of configuration do: key by key, and a list as a whole', async () => {
    const layers = [
      { tenant: 'acme', egress: { kafka: { brokers: ['a:9092', 'b:9092'], format: 'json' } } },
      { egress: { kafka: { brokers: ['prod:9092'] } }, ingress: { bodyMaxBytes: 4096 } },
    ]
    const folder = await mkdtemp(join(tmpdir(), 'streamvane-helm-'))
    const files = layers.map((_, place) => join(folder, `${place}.yaml`))
    for (const [place, file] of files.entries()) await writeFile(file, stringify({ config: layers[place] }))
    const manifests = await rendered(
      'single',
      files.flatMap((file) => ['-f', file]),
    )
    const map = ofKind(manifests, 'ConfigMap').find(({ data }) => 'streamvane.yaml' in (data ?? {}))
    const set = parse(await readFile(join(CHART, 'ci/single.yaml'), 'utf8')) as Readonly<{ config: Tree }>
    const expected = overlaid([set.config, ...layers].map((tree) => ({ tree, nameAt: () => '' })))
    expect(parse(map?.data['streamvane.yaml'] ?? '')).toMatchObject(expected)
  })

  test.each([
    ['single', [['all', 'StatefulSet', 1]]],
    [
      'stages',
      [
        ['egress', 'Deployment', 1],
        ['ingress', 'Deployment', 2],
        ['projector', 'StatefulSet', 1],
      ],
    ],
    [
      'shards',
      [
        ['egress', 'Deployment', 1],
        ['ingress', 'Deployment', 2],
        ['merge', 'StatefulSet', 1],
        ['points', 'StatefulSet', 3],
      ],
    ],
  ])('%s has one workload for each stage, and each runs its stage alone', async (set, expected) => {
    const found = workloads(await rendered(set))
    expect(found.map((one) => [componentOf(one), one.kind, one.spec.replicas]).sort()).toEqual(expected)
    for (const one of found) {
      const only = argsOf(one).includes('--only') ? argsOf(one).at(-1) : 'all'
      expect(only).toBe(componentOf(one))
    }
  })

  test.each(sets)('every process of %s is as restricted as Kubernetes can demand', async (set) => {
    for (const { spec } of workloads(await rendered(set))) {
      const pod = spec.template.spec
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      })
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(pod.containers[0].resources.limits.memory).toBeDefined()
      expect(pod.topologySpreadConstraints.map((one: any) => one.topologyKey)).toEqual([
        'topology.kubernetes.io/zone',
        'kubernetes.io/hostname',
      ])
    }
  })

  test.each(sets)(
    '%s: probes ask /livez and /readyz, and only a single process is ready by its ingress',
    async (set) => {
      for (const one of workloads(await rendered(set))) {
        const { livenessProbe, readinessProbe, startupProbe, ports } = one.spec.template.spec.containers[0]
        expect(livenessProbe.httpGet).toEqual({ path: '/livez', port: 'health', scheme: 'HTTP' })
        expect(startupProbe.httpGet).toEqual({ path: '/livez', port: 'health', scheme: 'HTTP' })
        expect(readinessProbe.httpGet.path).toBe(set === 'single' ? '/readyz/ingress' : '/readyz')
        expect(ports).toContainEqual({ name: 'health', containerPort: 8081 })
      }
    },
  )

  test.each([
    ['HTTPS', 'tls of all', { tls: {} }],
    ['HTTPS', 'tls of health', { health: { tls: {} } }],
    ['HTTP', 'health without the tls of all', { tls: {}, health: { tls: false } }],
  ])('probes and Prometheus ask by %s with %s', async (scheme, _title, config) => {
    const values = join(await mkdtemp(join(tmpdir(), 'streamvane-helm-')), 'values.yaml')
    const metrics = { serviceMonitor: { enabled: true, tlsConfig: { serverName: 'sv.example' } } }
    await writeFile(values, stringify({ config, metrics }))
    const manifests = await rendered('stages', ['-f', values])
    for (const one of workloads(manifests)) {
      const { livenessProbe, readinessProbe, startupProbe } = one.spec.template.spec.containers[0]
      expect([livenessProbe, readinessProbe, startupProbe].map(({ httpGet }) => httpGet.scheme)).toEqual([
        ...[scheme, scheme, scheme],
      ])
    }
    const [monitor] = ofKind(manifests, 'ServiceMonitor')
    expect(monitor?.spec.endpoints).toEqual([
      {
        ...{ port: 'health', path: '/metrics', interval: '30s', scheme: scheme.toLowerCase() },
        tlsConfig: { serverName: 'sv.example' },
      },
    ])
  })

  test.each(sets)(
    '%s: what keeps state has a volume of its own, and every workload a disruption budget',
    async (set) => {
      const manifests = await rendered(set)
      for (const one of workloads(manifests)) {
        const data = one.spec.template.spec.volumes.find(({ name }: any) => name === 'data')
        if (one.kind === 'Deployment') expect(data.emptyDir).toBeDefined()
        else expect(one.spec.volumeClaimTemplates[0].spec.accessModes).toEqual(['ReadWriteOncePod'])
      }
      const budgets = ofKind(manifests, 'PodDisruptionBudget')
      expect(budgets.map(({ spec }) => spec.selector.matchLabels['app.kubernetes.io/component']).sort()).toEqual(
        workloads(manifests).map(componentOf).sort(),
      )
    },
  )

  test.each(sets)('%s: traffic is denied but for what is named, and DNS', async (set) => {
    const [first, second] = ofKind(await rendered(set), 'NetworkPolicy')
    expect(first?.spec).toEqual({ podSelector: second?.spec.podSelector, policyTypes: ['Ingress', 'Egress'] })
    const from = (second?.spec.ingress ?? []).map((rule: any) => rule.ports[0].port)
    expect(from).toEqual({ single: ['events'], stages: [], shards: ['admin', 'health'] }[set])
    const ports = second?.spec.egress.map((rule: any) => rule.ports.map(({ port }: any) => port))
    expect(ports).toEqual([[53, 53], { single: [9093], stages: [2113, 9093], shards: [443, 2113, 9093] }[set]])
    for (const rule of [...(second?.spec.ingress ?? []), ...(second?.spec.egress ?? [])])
      expect(rule.from ?? rule.to).not.toEqual([])
  })

  test.each([
    ['single', { 'azure.workload.identity/client-id': '11111111-1111-1111-1111-111111111111' }],
    ['stages', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/streamvane' }],
    ['shards', { 'iam.gke.io/gcp-service-account': 'streamvane@acme.iam.gserviceaccount.com' }],
  ])('the service account of %s carries the identity of its cloud', async (set, annotations) => {
    const manifests = await rendered(set)
    const [account] = ofKind(manifests, 'ServiceAccount')
    expect(account?.metadata.annotations).toMatchObject(annotations)
    for (const { spec } of workloads(manifests)) {
      expect(spec.template.spec.serviceAccountName).toBe(account?.metadata.name)
      const label = spec.template.metadata.labels['azure.workload.identity/use']
      expect(label).toBe(set === 'single' ? 'true' : undefined)
    }
  })

  test.each(sets)(
    '%s: the configuration is one that Streamvane takes, and no secret stands in an object',
    async (set) => {
      const manifests = await rendered(set)
      const [map] = ofKind(manifests, 'ConfigMap')
      const file = join(await mkdtemp(join(tmpdir(), 'streamvane-helm-')), 'streamvane.yaml')
      const text = (map?.data['streamvane.yaml'] as string).replace(
        '/run/secrets/streamvane/ingress-token',
        `${file}.token`,
      )
      await writeFile(file, text)
      await writeFile(`${file}.token`, 'at-least-sixteen-characters')
      const env = Object.fromEntries(
        (workloads(manifests)[0]?.spec.template.spec.containers[0].env ?? []).map((one: any) => [
          one.name,
          one.value ?? 'at-least-sixteen-characters',
        ]),
      ) as Record<string, string>
      expect(loadConfig({ file, env }).tenant).toBe('acme')
      expect(ofKind(manifests, 'Secret')).toEqual([])
    },
  )

  test('Prometheus finds the processes by the service of the pods', async () => {
    const manifests = await rendered('shards')
    const [monitor] = ofKind(manifests, 'ServiceMonitor')
    expect(monitor?.metadata.labels.release).toBe('prometheus')
    const scraped = ofKind(manifests, 'Service').filter(({ metadata }) =>
      Object.entries(monitor?.spec.selector.matchLabels).every(([name, value]) => metadata.labels[name] === value),
    )
    expect(scraped.map(({ metadata }) => metadata.name)).toEqual(['rel-streamvane-pods'])
    expect(scraped[0]?.spec.ports[0].name).toBe(monitor?.spec.endpoints[0].port)
  })

  test('every file of rules in deploy/prometheus becomes an object for the operator of Prometheus', async () => {
    const files = (await readdir(repository('deploy/prometheus'))).filter((name) => name.endsWith('.rules.yaml'))
    const rules = ofKind(await rendered('shards'), 'PrometheusRule')
    expect(rules.map(({ metadata }) => `${metadata.name}.rules.yaml`)).toEqual(
      files.map((name) => `rel-streamvane-${name}`),
    )
    for (const [index, name] of files.entries())
      expect(rules[index]?.spec).toEqual(parse(await readFile(repository('deploy/prometheus', name), 'utf8')))
  })

  test('the image is taken by its digest where one is given', async () => {
    const [one] = workloads(await rendered('single'))
    expect(one?.spec.template.spec.containers[0].image).toMatch(/^ghcr\.io\/streamvane\/streamvane@sha256:0{64}$/)
  })

  test.each([
    ['an unknown key', ['--set', 'replicas=2'], 'replicas'],
    ['a stage per workload on the embedded log', ['--set', 'mode=stages'], 'needs config.log.kind'],
    ['a mode that does not exist', ['--set', 'mode=cluster'], 'mode'],
    ['a digest that is none', ['--set', 'image.digest=latest'], 'digest'],
    ['another folder of data', ['--set', 'config.data=/var'], 'set by the chart'],
    ['a role that is none', ['--set', 'serviceAccount.workloadIdentity.aws.roleArn=admin'], 'roleArn'],
    ['memory without a unit in the volume', ['--set', 'single.persistence.size=lots'], 'size'],
  ])('%s is refused', async (_title, more, said) => {
    const { code, stderr } = await chart(['template', 'rel'], 'single', more)
    expect(code).not.toBe(0)
    expect(stderr).toContain(said)
  })

  test('every key of values.yaml is described by the schema', async () => {
    const { stdout } = await ran(helm, ['show', 'values', CHART])
    const { code, stderr } = await ran(
      helm,
      ['template', 'rel', CHART, '--kube-version', KUBERNETES, '-f', '-'],
      stdout,
    )
    expect(code, stderr).toBe(0)
    expect(parse(stdout)).toMatchObject({ mode: 'single' })
  })
})
