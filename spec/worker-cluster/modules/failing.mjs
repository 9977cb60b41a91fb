export default () => {
  throw new Error('it fails on every request');
};
