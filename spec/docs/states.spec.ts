import { expect, test } from 'vitest';
import { drawStates, readPage, withDiagram } from '../../docs/states.ts';

test('the diagram of the states is drawn from the table the code works with', () => {
  expect(readPage()).toBe(withDiagram(readPage()));
  expect(readPage()).toContain('Error --> Reloading');
});

test('a diagram has one arrow for each transition, and one into the first state', () => {
  expect(drawStates({ Off: ['On'], On: ['Off'] }, 'Off')).toBe(
    '```mermaid\nstateDiagram-v2\n  [*] --> Off\n  Off --> On\n  On --> Off\n```',
  );
});
