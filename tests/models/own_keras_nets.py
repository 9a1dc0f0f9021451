"""Keras 3 networks as a user would bring them: functional, sequential and subclassed."""

from __future__ import annotations

import keras
from keras import layers


def make_generator(spec):
    z = keras.Input((8,))
    inputs = [z]
    h = z
    if spec.condition is not None:
        told = keras.Input((), dtype="int64")
        inputs.append(told)
        h = layers.Concatenate()([z, layers.Embedding(spec.condition.classes, 8)(told)])
    h = layers.Dense(7 * 7 * 8, use_bias=False)(h)
    h = layers.BatchNormalization()(h)
    h = layers.LeakyReLU(0.3)(h)
    h = layers.Reshape((7, 7, 8))(h)
    h = layers.Conv2DTranspose(8, 5, strides=2, padding="same")(h)
    h = layers.BatchNormalization()(h)
    out = layers.Conv2DTranspose(spec.x.shape[0], 5, strides=2, padding="same", activation="tanh")(h)
    return keras.Model(inputs if len(inputs) > 1 else z, out)


def make_discriminator():
    return keras.Sequential(
        [
            layers.Conv2D(8, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.3),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = layers.Conv2D(8, 4, strides=4), layers.BatchNormalization()
        self.flatten, self.head = layers.Flatten(), layers.Dense(1)

    def call(self, x, training=None):
        return self.head(self.flatten(self.norm(self.conv(x), training=training)))


def make_subclassed_discriminator():
    return Subclassed()
