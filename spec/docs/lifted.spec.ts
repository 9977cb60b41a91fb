import { expect, test } from 'vitest';
import { liftBlocks } from '../../docs/lifted.ts';

const example = `import { a } from 'sluice';

const run = () => {
  // #region middle
  a();
  if (a) {
    a();
  }
  // #endregion
};
run();

// prints:
// one
//   two
`;
const page = (marker: string, body: string): string => `# Title\n\n${marker}\n\`\`\`ts\n${body}\`\`\`\n\nThe end.\n`;
const lift = (markdown: string): string => liftBlocks(markdown, () => example);

test('a region replaces what stood in its block, at the left margin', () => {
  const marker = '<!-- from examples/a.ts#middle -->';
  expect(lift(page(marker, 'old();\n'))).toBe(page(marker, 'a();\nif (a) {\n  a();\n}\n'));
});

test('a whole file comes without its marks and promises', () => {
  const marker = '<!-- from examples/a.ts -->';
  const code = `import { a } from 'sluice';\n\nconst run = () => {\n  a();\n  if (a) {\n    a();\n  }\n};\nrun();\n`;
  expect(lift(page(marker, ''))).toBe(page(marker, code));
});

test('what a program prints can be lifted too', () => {
  const marker = '<!-- from examples/a.ts#prints -->';
  expect(lift(page(marker, 'x\n'))).toBe(page(marker, 'one\n  two\n'));
});

test('lifting twice changes nothing more', () => {
  const once = lift(page('<!-- from examples/a.ts#middle -->', ''));
  expect(lift(once)).toBe(once);
});

test('dollar signs in code are copied as they are', () => {
  const lifted = liftBlocks(page('<!-- from examples/a.ts -->', ''), () => "const a = '$&$1$$';\n");
  expect(lifted).toContain("const a = '$&$1$$';");
});

test('text and code without a marker stay', () => {
  const text = '# Title\n\n```ts\nfree();\n```\n';
  expect(lift(text)).toBe(text);
});

test('each of several blocks gets its own file', () => {
  const text = '<!-- from examples/a.ts -->\n```ts\n```\n\n<!-- from examples/b.ts -->\n```ts\n```\n';
  expect(liftBlocks(text, (path) => `run('${path}');\n`)).toBe(
    `<!-- from examples/a.ts -->\n\`\`\`ts\nrun('examples/a.ts');\n\`\`\`\n\n<!-- from examples/b.ts -->\n\`\`\`ts\nrun('examples/b.ts');\n\`\`\`\n`,
  );
});

test('a marker without a code block, or with an unknown part, is an error', () => {
  expect(() => lift('<!-- from examples/a.ts -->\n\nProse.\n')).toThrow('1 markers but 0 code blocks');
  expect(() => lift(page('<!-- from examples/a.ts#nowhere -->', ''))).toThrow('there is no such region');
  expect(() => liftBlocks(page('<!-- from a.ts#prints -->', ''), () => 'run();\n')).toThrow(
    'does not say what it prints',
  );
  expect(() => liftBlocks(page('<!-- from a.ts#b -->', ''), () => '// #region b\n')).toThrow('has no end');
});
