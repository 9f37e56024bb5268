/** What is known of an architecture besides its network. */
interface ArchitectureFacts {
  /** The name that people use. */
  readonly title: string;
  /** Whether BackdoorBench publishes results of it. */
  readonly benchmark?: true;
}

/** The architectures of the native core; a test holds the names equal to the core's own. */
export const ARCHITECTURES = {
  preactresnet18: {title: 'PreAct-ResNet18', benchmark: true},
  vgg11: {title: 'VGG11'},
  vgg13: {title: 'VGG13'},
  vgg16: {title: 'VGG16'},
  vgg19: {title: 'VGG19', benchmark: true},
  vgg11_bn: {title: 'VGG11-BN'},
  vgg13_bn: {title: 'VGG13-BN'},
  vgg16_bn: {title: 'VGG16-BN'},
  vgg19_bn: {title: 'VGG19-BN', benchmark: true},
  resnet18: {title: 'ResNet18'},
  resnet34: {title: 'ResNet34'},
  resnet50: {title: 'ResNet50'},
  resnext50_32x4d: {title: 'ResNeXt50 32x4d'},
  wide_resnet50_2: {title: 'Wide ResNet50-2'},
  densenet121: {title: 'DenseNet121'},
  densenet161: {title: 'DenseNet161', benchmark: true},
  densenet169: {title: 'DenseNet169'},
  mobilenet_v2: {title: 'MobileNetV2'},
  mobilenet_v3_large: {title: 'MobileNetV3-Large', benchmark: true},
  mnasnet1_0: {title: 'MNASNet 1.0'},
  shufflenet_v2_x1_0: {title: 'ShuffleNetV2 x1.0'},
  efficientnet_b0: {title: 'EfficientNet-B0'},
  efficientnet_b3: {title: 'EfficientNet-B3', benchmark: true},
  convnext_tiny: {title: 'ConvNeXt-T', benchmark: true},
  convnext_small: {title: 'ConvNeXt-S'},
  vit_b_16: {title: 'ViT-B/16', benchmark: true},
  vit_b_32: {title: 'ViT-B/32'},
  vit_l_16: {title: 'ViT-L/16'},
  vit_l_32: {title: 'ViT-L/32'},
} as const satisfies Record<string, ArchitectureFacts>;

/** The name of an architecture with as many channels as it was published with. */
export type ArchitectureName = keyof typeof ARCHITECTURES;

type PlainName = ArchitectureName | `${ArchitectureName}_w${number}`;

/**
 * An architecture; `preactresnet18_w16` has 16 instead of 64 base channels, `preactresnet18_polarized` and
 * `preactresnet18_w16_polarized` a polarizer (models E7).
 */
export type ModelName = PlainName | `${PlainName}_polarized`;

export const MODEL_NAMES = Object.keys(ARCHITECTURES) as ArchitectureName[];

/** What {@link isModelName} takes, for messages. */
export const MODEL_FORMS = `one of the models that sau-native models lists, or <name>_w<width> such as ${MODEL_NAMES[0]}_w16, or either with _polarized behind it`;

const PATTERN = new RegExp(`^(${MODEL_NAMES.join('|')})(_w[1-9]\\d{0,3})?(_polarized)?$`);

/** The name of an architecture, `<name>_w<width>` for one with another number of base channels, or of either polarized. */
export function isModelName(text: unknown): text is ModelName {
  return typeof text === 'string' && PATTERN.test(text);
}
