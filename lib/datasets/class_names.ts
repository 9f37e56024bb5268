/** The official order of the labels. */
export const CIFAR10_CLASS_NAMES: readonly string[] = `
  airplane automobile bird cat deer dog frog horse ship truck
`
  .trim()
  .split(/\s+/);

/** The official order of the fine labels: by name. */
export const CIFAR100_CLASS_NAMES: readonly string[] = `
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
  caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
  forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
  mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
  possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
  sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
  willow_tree wolf woman worm
`
  .trim()
  .split(/\s+/);

/** What GTSRB's numbered signs mean, in label order. */
export const GTSRB_SIGNS: readonly string[] = [
  'speed limit 20 km/h',
  'speed limit 30 km/h',
  'speed limit 50 km/h',
  'speed limit 60 km/h',
  'speed limit 70 km/h',
  'speed limit 80 km/h',
  'end of speed limit 80 km/h',
  'speed limit 100 km/h',
  'speed limit 120 km/h',
  'no passing',
  'no passing for vehicles over 3.5 t',
  'right of way at the next intersection',
  'priority road',
  'yield',
  'stop',
  'no vehicles',
  'no vehicles over 3.5 t',
  'no entry',
  'general caution',
  'dangerous curve to the left',
  'dangerous curve to the right',
  'double curve',
  'bumpy road',
  'slippery road',
  'road narrows on the right',
  'road work',
  'traffic signals',
  'pedestrians',
  'children crossing',
  'bicycles crossing',
  'ice or snow',
  'wild animals crossing',
  'end of all speed and passing limits',
  'turn right ahead',
  'turn left ahead',
  'ahead only',
  'go straight or right',
  'go straight or left',
  'keep right',
  'keep left',
  'roundabout',
  'end of no passing',
  'end of no passing for vehicles over 3.5 t',
];
