import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readArguments } from '../../lib/cli/arguments.ts';
import { limitDefaults } from '../../lib/config/defaults.ts';
import { parseConfigFile } from '../../lib/config/parse-file.ts';
import { workerClusterSettingsOf } from '../../lib/worker-cluster/settings.ts';
import { need } from '../need.ts';

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'examples', 'deploy', name), 'utf8');

/** Whether a command line is one that `sluice` understands. */
const isUnderstood = ([program = '', ...args]: readonly string[]): boolean =>
  program.endsWith('/sluice') && readArguments(args).type === 'order';

/** Milliseconds that workers have to leave, unless a file says otherwise. */
const WORKERS_DRAIN_MS = workerClusterSettingsOf({}).workers.shutdownTimeoutMs ?? 0;

describe.each([
  ['sluice.service', limitDefaults.drainTimeoutMs],
  ['sluice-workers.service', WORKERS_DRAIN_MS],
])('the unit %s', (name, drainMs) => {
  const unit = read(name);
  const setting = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

  test('calls what there is, and leaves servers the time to drain', () => {
    expect(isUnderstood(setting('ExecStart').split(' '))).toBe(true);
    expect(Number.parseInt(setting('TimeoutStopSec'), 10) * 1_000).toBeGreaterThan(drainMs);
    expect([setting('Type'), setting('NotifyAccess')]).toEqual(['notify', 'all']);
    expect([setting('RuntimeDirectoryMode'), setting('StateDirectoryMode')]).toEqual(['0700', '0700']);
  });

  test('systemd has nothing to say against it', { timeout: 160_000 }, () => {
    need('systemd-analyze', 'systemd');
    const directory = mkdtempSync(join(tmpdir(), 'sluice-unit-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, name);
    // The program has to be there for the check, and the user.
    writeFileSync(path, unit.replace('/usr/local/bin/sluice', process.execPath).replaceAll(/=sluice$/gm, '=root'));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    expect([status, stderr.split('\n').filter((line) => line.includes(name))]).toEqual([0, []]);
  });
});

describe.each(['Dockerfile', 'workers.Dockerfile'])('the %s', (name) => {
  const lines = read(name).split('\n');
  const json = (instruction: RegExp): readonly string[] => {
    const line = lines.find((one) => instruction.test(one)) ?? '';
    return JSON.parse(line.slice(line.indexOf('[')));
  };

  test('calls what there is, without a shell that keeps signals to itself', () => {
    expect(isUnderstood(json(/^CMD /))).toBe(true);
    expect(isUnderstood(json(/^HEALTHCHECK /))).toBe(true);
  });

  test('does not run as root', () => {
    expect(lines).toContain('USER node');
  });
});

describe.each(['kubernetes.yaml', 'kubernetes-workers.yaml'])('the manifest %s', (file) => {
  const documents = parseAllDocuments(read(file)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
  const find = (kind: string) => documents.find((one) => one.kind === kind);

  test('brings a configuration that is valid, where the container looks for it', () => {
    const [[name, text]] = Object.entries(find('ConfigMap').data) as [[string, string]];
    const parsed = parseConfigFile(JSON.parse(text));
    expect(parsed).toMatchObject({ ok: true, issues: [] });
    const [container] = find('Deployment').spec.template.spec.containers;
    expect(isUnderstood(container.args)).toBe(true);
    const mount = container.volumeMounts.find((one: { readonly name: string }) => one.name === 'config');
    expect(container.args.at(-1)).toBe(`${mount.mountPath}/${name}`);
    expect(mount).not.toHaveProperty('subPath');
  });

  test('leaves servers the time to drain', () => {
    const { terminationGracePeriodSeconds, containers } = find('Deployment').spec.template.spec;
    const [, seconds] = containers[0].lifecycle.preStop.exec.command;
    const needed = Number(seconds) * 1_000 + limitDefaults.drainTimeoutMs;
    expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(needed);
  });

  test('everything is about the same pods and the same port', () => {
    const { selector, template } = find('Deployment').spec;
    const { labels } = template.metadata;
    expect([selector.matchLabels, find('Service').spec.selector]).toEqual([labels, labels]);
    expect(find('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
    const [port] = template.spec.containers[0].ports;
    expect(find('Service').spec.ports[0].targetPort).toBe(port.name);
    expect(find('ConfigMap').data['sluice.config.json']).toContain(`":${port.containerPort}"`);
  });
});

describe('with workers', () => {
  test('the unit does not end all of them when one has no memory left, and gives them whole CPUs', () => {
    const unit = read('sluice-workers.service');
    expect(unit).toMatch(/^OOMPolicy=continue$/m);
    expect(Number.parseInt(/^CPUQuota=(\d+)%$/m.exec(unit)?.[1] ?? '', 10) % 100).toBe(0);
  });

  test('the container has the memory of its workers, of two more while they are replaced, and of the primary', () => {
    const documents = parseAllDocuments(read('kubernetes-workers.yaml')).map((document) => document.toJS());
    const deployment = documents.find(({ kind }) => kind === 'Deployment');
    const { limits } = deployment.spec.template.spec.containers[0].resources;
    const { data } = documents.find(({ kind }) => kind === 'ConfigMap');
    const { workers } = JSON.parse(data['sluice.config.json']);
    expect(limits.memory).toMatch(/^\d+Gi$/);
    const memory = Number.parseInt(limits.memory, 10) * 2 ** 30;
    const primary = 150_000_000;
    expect(Number(limits.cpu)).toBeGreaterThanOrEqual(2);
    expect(memory).toBeGreaterThan((Number(limits.cpu) + 2) * workers.maxMemoryBytes + primary);
    expect(workers.shutdownTimeoutMs).toBeUndefined();
    const { terminationGracePeriodSeconds } = deployment.spec.template.spec;
    expect(terminationGracePeriodSeconds * 1_000).toBeGreaterThan(WORKERS_DRAIN_MS + 5_000);
  });
});
